import type { Engine } from "@helve/engine";
import pino from "pino";
import { afterAll, expect, test } from "vitest";
import type { Tokens } from "../../auth/tokens.ts";
import { restServer } from "../index.ts";
import type { Reading } from "../reading.ts";

let readiness: ReturnType<Engine["readiness"]> = { isReady: true };

const app = restServer({
  engine: { readiness: () => readiness } as Engine,
  reading: {} as Reading,
  authenticate: async () => undefined,
  tokens: {} as Tokens,
  version: "1.2.3",
  serverUrl: () => "http://localhost",
  allowedOrigins: ["https://*.example.com"],
  log: pino({ level: "silent" }),
});
afterAll(() => app.close());

test("probes answer without a body, at the root and under /api", async () => {
  for (const url of ["/live", "/ready", "/api/live", "/api/ready"]) {
    const answer = await app.inject(url);
    expect(answer).toMatchObject({ statusCode: 200, body: "" });
  }
});

test("a server whose engine cannot work is alive and not ready, with the reason", async () => {
  readiness = { isReady: false, reason: "the lease has run out" };
  for (const url of ["/ready", "/api/ready"]) {
    const answer = await app.inject(url);
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toEqual({ errors: [{ description: "the lease has run out" }] });
  }
  expect((await app.inject("/live")).statusCode).toBe(200);
});

test("says what it is to anybody", async () => {
  expect((await app.inject("/api/v1/version")).json()).toEqual({
    version: "1.2.3",
    supportedSdks: expect.arrayContaining([{ title: "Python", from: "1.29.0", below: "2.0.0" }]),
  });
  expect((await app.inject("/api/v1/meta")).json()).toMatchObject({ auth: { schemes: [] }, authDisabled: false });
  const cloud = await app.inject("/api/v1/cloud/metadata");
  expect(cloud.statusCode).toBe(200);
  expect(cloud.json()).toEqual({ errors: [{ description: "oss" }] });
});

test("with listed origins, pages from elsewhere may not call", async () => {
  const preflight = (origin: string) =>
    app.inject({ method: "OPTIONS", url: "/api/v1/meta", headers: { origin, "access-control-request-method": "GET" } });
  const allowed = await preflight("https://app.example.com");
  expect(allowed.statusCode).toBe(200);
  expect(allowed.headers["access-control-allow-origin"]).toBe("https://app.example.com");
  const refused = await preflight("https://example.com.evil.org");
  expect(refused.statusCode).toBe(403);
  expect(refused.headers).not.toHaveProperty("access-control-allow-origin");
});
