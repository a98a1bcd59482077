import { freshDatabase } from "@helve/store/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../../testing/test-server.ts";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let server: TestServer;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer(database.url);
});
afterAll(async () => {
  await server?.stop();
  await database?.drop();
});

interface Token {
  metadata: { id: string };
  name: string;
  scope: string;
  expiresAt: string;
}

async function call(
  method: string,
  path: string,
  { token = server.token, body }: { token?: string; body?: object } = {},
) {
  const answer = await fetch(`${server.running.httpUrl}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, text, body: text === "" ? undefined : JSON.parse(text) };
}

const tokensPath = () => `tenants/${server.running.tenantId}/api-tokens`;
const list = async () => (await call("GET", tokensPath())).body.rows as Token[];
const DAY_MS = 86_400_000;

test("a token that is made is good for what it was made for, is listed without its text, and ends when revoked", async () => {
  const made = await call("POST", tokensPath(), { body: { name: "wall", scope: "read", expiresIn: "30d" } });
  expect(made.status).toBe(200);
  const { token, metadata } = made.body as { token: string; metadata: { id: string } };
  const workers = `tenants/${server.running.tenantId}/worker`;
  expect((await call("GET", workers, { token })).status).toBe(200);
  expect((await call("GET", tokensPath(), { token })).body.message).toContain("has the scope read");

  const listed = await call("GET", tokensPath());
  const row = (listed.body.rows as Token[]).find((one) => one.metadata.id === metadata.id) as Token;
  expect(row).toMatchObject({ name: "wall", scope: "read" });
  expect(Date.parse(row.expiresAt) - Date.now()).toBeGreaterThan(29 * DAY_MS);
  expect(Date.parse(row.expiresAt) - Date.now()).toBeLessThan(31 * DAY_MS);
  expect(listed.text).not.toContain(token.split(".")[2]);

  const url = `api-tokens/${metadata.id}`;
  for (let times = 0; times < 2; times++) expect(await call("POST", url)).toMatchObject({ status: 204, text: "" });
  expect((await list()).map((one) => one.metadata.id)).not.toContain(metadata.id);
  await expect.poll(async () => (await call("GET", workers, { token })).status, { timeout: 8000 }).toBe(403);
});

test("without more it is for everything, for 90 days; nonsense is refused and makes none", async () => {
  const { body } = await call("POST", tokensPath(), { body: {} });
  const left = Date.parse(body.expiresAt) - Date.now();
  expect(left / DAY_MS).toBeCloseTo(90, 1);
  expect((await call("GET", tokensPath(), { token: body.token })).status).toBe(200);
  const before = (await list()).length;
  for (const wrong of [{ scope: "root" }, { expiresIn: "soon" }, { expiresIn: "99999d99999999h" }, { name: 7 }]) {
    expect((await call("POST", tokensPath(), { body: wrong })).status, JSON.stringify(wrong)).toBe(400);
  }
  expect(await list()).toHaveLength(before);
  expect((await call("POST", "api-tokens/01900000-0000-7000-8000-000000000000")).status).toBe(404);
});
