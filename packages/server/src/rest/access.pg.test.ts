import { taskIdOf } from "@helve/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OTHER_TOKEN, type RestFixture, restFixture } from "./testing/rest-fixture.ts";

let rest: RestFixture;
const NOBODY = "11111111-1111-4111-8111-111111111111";
const FORBIDDEN = { message: "Please provide valid credentials" };

beforeAll(async () => {
  rest = await restFixture();
  await rest.put({ name: "plain", tasks: [{ readableId: "plain", action: "plain:run" }] });
});
afterAll(() => rest.close());

describe("credentials", () => {
  test("none, wrong ones and those of another tenant are all 403", async () => {
    const path = `/api/v1/tenants/${rest.tenantId}`;
    for (const token of [null, "garbage", "", OTHER_TOKEN]) {
      expect(await rest.get(path, { token })).toMatchObject({ status: 403, body: FORBIDDEN });
    }
    const headers = { authorization: "bearer token-of-the-tenant" };
    expect(await rest.get(path, { token: null, headers })).toMatchObject({ status: 403, body: FORBIDDEN });
  });

  test("a good token is taken, and ids in upper case too", async () => {
    const { status, body } = await rest.get(`/api/v1/tenants/${rest.tenantId.toUpperCase()}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ metadata: { id: rest.tenantId }, name: "Test", slug: "test", version: "V1" });
    expect(body.serverUrl).toBe(rest.url);
  });
});

describe("ids in paths", () => {
  test("a malformed one is 400, before anything else", async () => {
    for (const [path, message] of [
      ["/api/v1/tenants/nonsense", "invalid tenant id"],
      ["/api/v1/stable/tasks/abc", "invalid task id"],
      ["/api/v1/stable/workflow-runs/abc/status", "invalid workflow run id"],
      ["/api/v1/workers/abc", "invalid worker id"],
      ["/api/v1/workflows/abc", "invalid workflow id"],
    ]) {
      expect(await rest.get(path as string, { token: null })).toMatchObject({ status: 400, body: { message } });
    }
  });

  test("one that nobody has is 404, whoever asks", async () => {
    for (const path of [
      `/api/v1/tenants/${NOBODY}`,
      `/api/v1/stable/tasks/${NOBODY}`,
      `/api/v1/stable/workflow-runs/${NOBODY}`,
      `/api/v1/stable/workflow-runs/${NOBODY}/status`,
      `/api/v1/workers/${NOBODY}`,
      `/api/v1/workflows/${NOBODY}`,
    ]) {
      const expected = { status: 404, body: { message: "not found" } };
      expect(await rest.get(path), path).toMatchObject(expected);
      expect(await rest.get(path, { token: null }), path).toMatchObject(expected);
    }
  });

  test("one of another tenant is 403, unfinished or finished", async () => {
    const worker = await rest.worker(["plain:run"]);
    const done = await rest.run("plain");
    await worker.succeed(await worker.next());
    await rest.ended(done);
    worker.leave();
    const waiting = await rest.run("plain");
    for (const id of [done, waiting]) {
      for (const path of [`/api/v1/stable/tasks/${id}`, `/api/v1/stable/workflow-runs/${id}`]) {
        expect(await rest.get(path), path).toMatchObject({ status: 200 });
        expect(await rest.get(path, { token: OTHER_TOKEN }), path).toMatchObject({ status: 403, body: FORBIDDEN });
        expect(await rest.get(path, { token: null }), path).toMatchObject({ status: 403, body: FORBIDDEN });
      }
    }
    expect(await rest.get(`/api/v1/workers/${worker.id}`, { token: OTHER_TOKEN })).toMatchObject({ status: 403 });
  });

  test("a DAG's id is no task, and a task of it that does not exist is none either", async () => {
    const tasks = [
      { readableId: "a", action: "dag:a" },
      { readableId: "b", action: "dag:b", parents: ["a"] },
    ];
    await rest.put({ name: "dag", tasks });
    const id = await rest.run("dag");
    expect((await rest.get(`/api/v1/stable/tasks/${taskIdOf(id, 1)}`)).status).toBe(200);
    expect((await rest.get(`/api/v1/stable/tasks/${id}`)).status).toBe(404);
    expect((await rest.get(`/api/v1/stable/tasks/${taskIdOf(id, 9)}`)).status).toBe(404);
  });
});

describe("paths", () => {
  test("one that nobody serves is 404 and says so", async () => {
    expect(await rest.get("/api/v1/nothing")).toMatchObject({
      status: 404,
      body: { message: "there is no /api/v1/nothing" },
    });
    expect((await rest.get(`/api/v1/tenants/${rest.tenantId}/`)).status).toBe(404);
  });

  test("a wrong method is 405 and says which are right", async () => {
    const answer = await rest.call("PUT", `/api/v1/tenants/${rest.tenantId}`, { body: {} });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toContain("GET");
    expect(answer.body.message).toMatch(/not PUT/);
  });

  test("what is not served yet says so, and what is deprecated too", async () => {
    const crons = await rest.get(`/api/v1/tenants/${rest.tenantId}/workflows/crons`);
    expect(crons).toMatchObject({
      status: 501,
      body: { errors: [{ description: "cron-workflow:list is not served yet" }] },
    });
    const runs = await rest.get(`/api/v1/tenants/${rest.tenantId}/workflows/runs`);
    expect(runs).toMatchObject({ status: 400, body: { errors: [{ description: "workflow-run:list is deprecated" }] } });
  });
});

describe("browsers", () => {
  test("may call from any page, and are told so in advance", async () => {
    const answer = await rest.call("OPTIONS", `/api/v1/tenants/${rest.tenantId}`, {
      token: null,
      headers: {
        origin: "https://example.com",
        "access-control-request-method": "GET",
        "access-control-request-headers": "authorization,content-type",
      },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("access-control-allow-methods")).toBe("GET,POST,PUT,PATCH,DELETE,OPTIONS");
    expect(answer.headers.get("access-control-allow-headers")).toBe("authorization,content-type");
    const refused = await rest.get("/api/v1/nothing");
    expect(refused.headers.get("access-control-allow-origin")).toBe("*");
    expect(refused.headers.get("x-content-type-options")).toBe("nosniff");
  });
});

describe("requests that are not what the schema says", () => {
  const runs = (query: string) => rest.get(`/api/v1/stable/tenants/${rest.tenantId}/workflow-runs?${query}`);

  test("parameters: the name, and what is allowed", async () => {
    const messages = {
      "since=2026-01-01T00:00:00Z": "Invalid format for parameter only_tasks: query parameter 'only_tasks' is required",
      "only_tasks=false": "Invalid format for parameter since: query parameter 'since' is required",
      "since=yesterday&only_tasks=false": "Invalid format for parameter since: must be an RFC 3339 time or a date",
      "since=2026-01-01&only_tasks=maybe": "Invalid format for parameter only_tasks: must be boolean",
      "since=2026-01-01&only_tasks=false&limit=0": "Invalid format for parameter limit: must be >= 1",
      "since=2026-01-01&only_tasks=false&offset=-1": "Invalid format for parameter offset: must be >= 0",
      "since=2026-01-01&only_tasks=false&limit=x": "Invalid format for parameter limit: must be integer",
      "since=2026-01-01&only_tasks=false&workflow_ids=abc":
        "Invalid format for parameter workflow_ids (number 1): must be a UUID",
      "since=2026-01-01&only_tasks=false&statuses=RUNNING&statuses=NOPE":
        "Invalid format for parameter statuses (number 2): must be one of QUEUED, RUNNING, COMPLETED, CANCELLED, FAILED",
    };
    for (const [query, message] of Object.entries(messages)) {
      expect(await runs(query), query).toMatchObject({ status: 400, body: { message } });
    }
    expect((await runs("since=2026-01-01&only_tasks=false&surprise=1")).status).toBe(200);
    expect((await runs("since=2026-01-01T00:00:00.123456%2B00:00&only_tasks=false")).status).toBe(200);
  });

  test("bodies: the field and the kind", async () => {
    const path = `/api/v1/stable/tenants/${rest.tenantId}/workflow-runs/trigger`;
    const refused = async (body: unknown) => (await rest.post(path, body)).body.message;
    expect(await refused("{oops")).toMatch(/^Syntax error: the body is no valid JSON/);
    expect(await refused({ workflowName: "plain", input: "x" })).toBe("input must be object");
    expect(await refused({ workflowName: "plain", input: [1] })).toBe("input must be object");
    expect(await refused({ input: {} })).toBe("workflowName is required");
    expect(await refused("")).toBe("workflowName is required");
    expect(await refused({ workflowName: "plain", return_only_id: "yes" })).toBe("return_only_id must be boolean");
  });

  test("a type without a body does not matter", async () => {
    const path = `/api/v1/stable/tenants/${rest.tenantId}/tasks/cancel`;
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect((await rest.post(path, undefined, { headers })).status).toBe(200);
  });

  test("other kinds of bodies are 415", async () => {
    const path = `/api/v1/stable/tenants/${rest.tenantId}/workflow-runs/trigger`;
    const headers = { "content-type": "text/plain" };
    expect(await rest.post(path, "x", { headers })).toMatchObject({
      status: 415,
      body: { message: "Unsupported Media Type" },
    });
    const json = { "content-type": "application/json; charset=utf-8" };
    expect((await rest.post(path, { workflowName: "plain" }, { headers: json })).status).toBe(200);
  });
});
