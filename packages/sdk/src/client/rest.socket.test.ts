import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { unsignedToken } from "../testing/unsigned-token.ts";
import { HelveClient } from "./helve-client.ts";

interface Seen {
  method: string;
  url: URL;
  authorization: string | undefined;
  body: string;
}

let server: Server;
let client: HelveClient;
let seen: Seen[];
let answer: { status: number; body: string };

beforeEach(async () => {
  seen = [];
  answer = { status: 200, body: "{}" };
  server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const url = new URL(request.url ?? "", "http://host");
      seen.push({ method: request.method ?? "", url, authorization: request.headers.authorization, body });
      response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const serverUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = HelveClient.init({ token: unsignedToken({ serverUrl, grpcAddress: "127.0.0.1:1", tenantId: "ten" }) });
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const part of request) body += part;
  return body;
}

test("a list of runs is asked for with its filters", async () => {
  answer.body = JSON.stringify({ rows: [{ displayName: "a run" }], pagination: {} });
  const since = new Date("2026-01-01T00:00:00Z");
  const { rows } = await client.runs.list({
    since,
    limit: 10,
    statuses: ["FAILED", "CANCELLED"],
    additionalMetadata: { user: "7" },
    onlyTasks: true,
  });
  expect(rows).toEqual([{ displayName: "a run" }]);
  const [request] = seen;
  expect(request?.url.pathname).toBe("/api/v1/stable/tenants/ten/workflow-runs");
  expect(request?.authorization).toMatch(/^Bearer ey/);
  expect([...(request?.url.searchParams ?? [])]).toEqual([
    ["since", "2026-01-01T00:00:00.000Z"],
    ["only_tasks", "true"],
    ["limit", "10"],
    ["statuses", "FAILED"],
    ["statuses", "CANCELLED"],
    ["additional_metadata", "user:7"],
  ]);
});

test("a workflow is found by its exact name", async () => {
  answer.body = JSON.stringify({
    rows: [
      { name: "order-old", metadata: { id: "1" } },
      { name: "order", metadata: { id: "2" } },
    ],
  });
  expect(await client.workflows.getWorkflowIdFromName("Order")).toBe("2");
  await expect(client.workflows.getWorkflowIdFromName("ord")).rejects.toMatchObject({ code: "not_found" });
});

test("workers are paused and resumed, lines of a task are read", async () => {
  await client.workers.pause("w1");
  await client.workers.unpause("w1");
  await client.logs.list("t1", { levels: ["ERROR"], orderByDirection: "DESC" });
  expect(seen.map(({ method, url, body }) => `${method} ${url.pathname}${url.search} ${body}`)).toEqual([
    'PATCH /api/v1/workers/w1 {"isPaused":true}',
    'PATCH /api/v1/workers/w1 {"isPaused":false}',
    "GET /api/v1/stable/tasks/t1/logs?levels=ERROR&order_by_direction=DESC ",
  ]);
});

test.each([
  [404, '{"message":"not found"}', "not_found", "404 not found"],
  [400, '{"errors":[{"description":"limit must be positive"}]}', "invalid_argument", "limit must be positive"],
  [403, '{"message":"Please provide valid credentials"}', "unauthenticated", "valid credentials"],
  [500, "oops", "internal", "500 oops"],
])("an answer of %i is an error with its reason", async (status, body, code, text) => {
  answer = { status, body };
  await expect(client.runs.get("r1")).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
});

test("a REST side that is not there is named", async () => {
  const noUrl = HelveClient.init({ token: unsignedToken({ grpcAddress: "127.0.0.1:1" }) });
  await expect(noUrl.runs.list()).rejects.toThrow("HELVE_CLIENT_API_URL");
  const wrong = HelveClient.init({
    token: unsignedToken({ grpcAddress: "127.0.0.1:1", serverUrl: "http://127.0.0.1:1" }),
  });
  await expect(wrong.runs.list()).rejects.toMatchObject({ code: "unavailable" });
});
