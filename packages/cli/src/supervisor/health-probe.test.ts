import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { askHealth, freePort } from "./health-probe.ts";

it.each([
  ["our worker that is well", 200, '{"status":"HEALTHY","reasons":[]}', { isHealthy: true }],
  ["a plain one", 200, "ok", { isHealthy: true }],
  [
    "our worker that is not",
    503,
    '{"status":"UNHEALTHY","reasons":["it is late","it is lost"]}',
    { isHealthy: false, reason: "it is late; it is lost" },
  ],
  ["Hatchet's worker that is not", 200, '{"status":"UNHEALTHY"}', { isHealthy: false, reason: "it says UNHEALTHY" }],
  ["a plain one that is not", 500, "null", { isHealthy: false, reason: "it says 500" }],
])("understands what %s answers", async (_who, code, body, report) => {
  const server = createServer((request, response) => {
    response.writeHead(request.url === "/health" ? code : 404).end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    expect(await askHealth((server.address() as AddressInfo).port)).toEqual(report);
  } finally {
    server.close();
  }
});

it("tells a worker that hangs from one that does not listen", async () => {
  const server = createServer(() => {}).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const report = { isHealthy: false, reason: "it does not answer" };
    expect(await askHealth((server.address() as AddressInfo).port)).toEqual(report);
    expect(await askHealth(await freePort())).toBeUndefined();
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
