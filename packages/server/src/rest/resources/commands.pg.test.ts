import { taskIdOf } from "@helve/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RestFixture, restFixture } from "../testing/rest-fixture.ts";

let rest: RestFixture;

beforeAll(async () => {
  rest = await restFixture();
  await rest.put({ name: "plain", tasks: [{ readableId: "plain", action: "plain:run" }] });
  await rest.put({
    name: "dag",
    tasks: [
      { readableId: "a", action: "dag:a" },
      { readableId: "b", action: "dag:b", parents: ["a"] },
    ],
  });
});
afterAll(() => rest.close());

const tenant = () => `/api/v1/stable/tenants/${rest.tenantId}`;
const trigger = (body: unknown) => rest.post(`${tenant()}/workflow-runs/trigger`, body);
const cancel = (body?: unknown) => rest.post(`${tenant()}/tasks/cancel`, body);
const replay = (body?: unknown) => rest.post(`${tenant()}/tasks/replay`, body);
const statusOf = async (id: string) => (await rest.get(`/api/v1/stable/workflow-runs/${id}/status`)).body;

describe("triggering", () => {
  test("answers with the run as it is stored, and keeps every digit of the input", async () => {
    const { status, body, text } = await trigger(
      '{"workflowName":"plain","additionalMetadata":{"n":1e2},"input":{ "big": 12345678901234567890 },"priority":3}',
    );
    expect(status).toBe(200);
    expect(body.run).toMatchObject({ status: "QUEUED", additionalMetadata: { n: 100 } });
    expect(text).toContain('{ "big": 12345678901234567890 }');
    expect(await statusOf(body.run.metadata.id)).toBe("QUEUED");
  });

  test("answers with the id alone if that is wanted", async () => {
    const { body } = await trigger({ workflowName: "dag", return_only_id: true });
    expect(body).toMatchObject({ run: { status: "" }, shape: null, tasks: null, taskEvents: null });
    expect(await statusOf(body.run.metadata.id)).toBe("QUEUED");
  });

  test("takes a missing and a null input for an empty one", async () => {
    for (const more of [{}, { input: null, additionalMetadata: null }]) {
      const { body } = await trigger({ workflowName: "plain", surprise: 1, ...more });
      expect(body.run.input.input).toEqual({});
    }
  });

  test("refuses at once what cannot run, and stores nothing", async () => {
    const unknown = await trigger({ workflowName: "no-such", input: {} });
    expect(unknown.status).toBe(400);
    expect(unknown.body.errors[0].description).toContain("no-such");
    expect(await trigger({ workflowName: "plain", priority: 4 })).toMatchObject({
      status: 400,
      body: { errors: [{ description: "priority must be between 1 and 3, got 4" }] },
    });
    expect((await trigger({ workflowName: "" })).status).toBe(400);
    expect((await trigger('{"workflowName":"plain","input":{"a":"\\u0000"}}')).status).toBe(400);
  });
});

describe("cancelling", () => {
  test("by ids: those of which something was left to cancel", async () => {
    const one = await rest.run("plain");
    const dag = await rest.run("dag");
    const nobody = "11111111-1111-4111-8111-111111111111";
    expect((await cancel({ externalIds: [one.toUpperCase(), dag, nobody] })).body).toEqual({ ids: [one, dag] });
    expect(await statusOf(one)).toBe("CANCELLED");
    expect(await statusOf(dag)).toBe("CANCELLED");
    const before = (await rest.get(`/api/v1/stable/workflow-runs/${one}`)).body;
    expect((await cancel({ externalIds: [one] })).body).toEqual({ ids: [] });
    expect((await rest.get(`/api/v1/stable/workflow-runs/${one}`)).body).toEqual(before);
  });

  test("by the id of a task of a DAG", async () => {
    const dag = await rest.run("dag");
    const task = taskIdOf(dag, 1);
    expect((await cancel({ externalIds: [task] })).body).toEqual({ ids: [task] });
    expect(await statusOf(dag)).toBe("CANCELLED");
  });

  test("by filter: all that match", async () => {
    const mine = await rest.run("plain", { metadata: '{"batch":"7"}' });
    const other = await rest.run("plain", { metadata: '{"batch":"8"}' });
    const filter = { since: new Date(Date.now() - 60_000).toISOString(), additionalMetadata: ["batch:7"] };
    const wider = { ...filter, workflowIds: [], statuses: null };
    expect((await cancel({ filter: wider })).body).toEqual({ ids: [mine] });
    expect(await statusOf(other)).toBe("QUEUED");
    expect((await cancel({ filter: { ...filter, statuses: ["RUNNING"] } })).body).toEqual({ ids: [] });
  });

  test("without ids and filter nothing is meant", async () => {
    const waiting = await rest.run("plain");
    for (const body of [{}, undefined, { externalIds: [] }, ""]) {
      expect(await cancel(body)).toMatchObject({ status: 200, body: { ids: [] } });
    }
    expect(await statusOf(waiting)).toBe("QUEUED");
  });

  test("of the last hour ends everything of it, as published clients ask for it", async () => {
    const waiting = await rest.run("plain");
    const filter = {
      since: new Date(Date.now() - 3_600_000).toISOString(),
      workflowIds: [],
      additionalMetadata: [],
    };
    expect((await cancel({ filter })).body.ids).toContain(waiting);
    expect(await statusOf(waiting)).toBe("CANCELLED");
  });

  test("refuses what is not clear", async () => {
    const since = "2026-01-01";
    const refused = async (body: unknown) => {
      const answer = await cancel(body);
      expect(answer.status).toBe(400);
      return answer.body.message ?? answer.body.errors[0].description;
    };
    expect(await refused({ externalIds: [rest.tenantId], filter: { since } })).toMatch(/not both/);
    expect(await refused({ filter: { workflowIds: [] } })).toBe("filter.since is required");
    expect(await refused({ filter: { since, statuses: ["NOPE"] } })).toMatch(/must be one of QUEUED/);
    expect(await refused({ filter: { since, additionalMetadata: ["junk"] } })).toMatch(/additionalMetadata/);
    expect(await refused({ externalIds: ["abc"] })).toBe("externalIds.0 must be a UUID");
  });
});

describe("replaying", () => {
  test("a DAG answers with its tasks, unknown ids are passed over", async () => {
    const dag = await rest.run("dag");
    await cancel({ externalIds: [dag] });
    const nobody = "11111111-1111-4111-8111-111111111111";
    const { body } = await replay({ externalIds: [dag, nobody] });
    expect(body.ids.sort()).toEqual([taskIdOf(dag, 1), taskIdOf(dag, 2)]);
    expect(await statusOf(dag)).toBe("QUEUED");
  });

  test("by filter", async () => {
    const run = await rest.run("plain", { metadata: '{"again":"1"}' });
    await cancel({ externalIds: [run] });
    const filter = { since: "2020-01-01", statuses: ["CANCELLED"], additionalMetadata: ["again:1"] };
    expect((await replay({ filter })).body).toEqual({ ids: [run] });
    expect((await replay({})).body).toEqual({ ids: [] });
  });
});

describe("workers", () => {
  test("are listed with their slots, labels and status", async () => {
    const worker = await rest.worker(["plain:run"], 3);
    await rest.run("plain");
    await worker.next();
    const { body } = await rest.get(`/api/v1/tenants/${rest.tenantId}/worker`);
    expect(body.pagination).toEqual({ current_page: 1, next_page: 1, num_pages: 1 });
    expect(body.rows[0]).toMatchObject({
      metadata: { id: worker.id },
      name: "test-worker",
      type: "SELFHOSTED",
      status: "ACTIVE",
      actions: ["plain:run"],
      runtimeInfo: { language: "TYPESCRIPT", sdkVersion: "1.0.0" },
    });
    expect(body.rows[0].slotConfig.default.limit).toBe(3);
    expect(body.rows[0].slotConfig.default.available).toBeLessThan(3);
    expect(body.rows[0].labels).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ key: "region", value: "eu" }),
        expect.objectContaining({ key: "memory", value: "256" }),
      ]),
    );
    worker.leave();
  });

  test("say what they are made with, and are marked when the engine is not made for it", async () => {
    const register = async (runtime: object): Promise<object> => {
      const worker = { name: "made", actions: [], slots: { default: 1 }, labels: {}, runtime };
      const id = await rest.engine.registerWorker(rest.tenantId, worker);
      return (await rest.get(`/api/v1/workers/${id}`)).body;
    };
    const old = { language: "GO", sdkVersion: "v0.80.0", languageVersion: "go1.26.8", os: "linux" };
    expect(await register(old)).toMatchObject({
      runtimeInfo: { language: "GOLANG", sdkVersion: "v0.80.0", languageVersion: "go1.26.8", os: "linux" },
      versionProblem: expect.stringContaining("the Go SDK v0.80.0 is too old: this engine is made for 0.83.59"),
    });
    expect(await register({ ...old, sdkVersion: "v0.90.0" })).not.toHaveProperty("versionProblem");
  });

  test("are found by status and label", async () => {
    const worker = await rest.worker(["plain:run"]);
    const find = async (query: string) =>
      (await rest.get(`/api/v1/tenants/${rest.tenantId}/worker?${query}`)).body.rows.map(
        (row: { metadata: { id: string } }) => row.metadata.id,
      );
    expect(await find("statuses=ACTIVE&labels=region:eu&labels=memory:256")).toEqual([worker.id]);
    expect(await find("statuses=PAUSED")).toEqual([]);
    expect(await find("labels=region:us")).toEqual([]);
    const malformed = await rest.get(`/api/v1/tenants/${rest.tenantId}/worker?labels=bad`);
    expect(malformed).toMatchObject({
      status: 400,
      body: { errors: [{ description: "invalid label filter format: bad, expected key:value" }] },
    });
    worker.leave();
  });

  test("get nothing while they are paused, and everything afterwards", async () => {
    await rest.put({ name: "pausable", tasks: [{ readableId: "p", action: "pausable:run" }] });
    const worker = await rest.worker(["pausable:run"]);
    const path = `/api/v1/workers/${worker.id}`;
    const update = async (body: unknown) => (await rest.call("PATCH", path, { body })).body;
    expect(await update({ isPaused: true })).toMatchObject({ status: "PAUSED", metadata: { id: worker.id } });
    const waiting = await rest.run("pausable");
    expect((await rest.get(path)).body.status).toBe("PAUSED");
    expect(await update({})).toMatchObject({ status: "PAUSED" });
    expect(await statusOf(waiting)).toBe("QUEUED");
    expect(await update({ isPaused: false })).toMatchObject({ status: "ACTIVE" });
    expect((await worker.next()).id).toBe(waiting);
    expect((await rest.call("PATCH", path, { body: { isPaused: "yes" } })).body.message).toBe(
      "isPaused must be boolean",
    );
    worker.leave();
  });

  test("are paused and resumed together, by label, version, name or id, and waited for until they are idle", async () => {
    await rest.put({ name: "crew", tasks: [{ readableId: "c", action: "crew:run" }] });
    const [a, b] = [await rest.worker(["crew:run"], 1), await rest.worker(["crew:run"], 1)];
    await rest.engine.upsertWorkerLabels(rest.tenantId, a.id, { zone: "a", "helve-build": "1.1" });
    await rest.engine.upsertWorkerLabels(rest.tenantId, b.id, { zone: "b", version: "1.2" });
    const path = `/api/v1/tenants/${rest.tenantId}/worker`;
    const update = async (body: object) => (await rest.call("PATCH", path, { body })).body;
    const found = async (body: object): Promise<string[]> =>
      (await update({ isPaused: true, ...body })).rows.map((row: { metadata: { id: string } }) => row.metadata.id);
    expect(await found({ labels: ["zone:a"] })).toEqual([a.id]);
    expect(await found({ version: "1.1" })).toEqual([a.id]);
    expect(await found({ version: "1.2" })).toEqual([b.id]);
    expect(await found({ workerIds: [b.id.toUpperCase()] })).toEqual([b.id]);
    expect(await found({ name: "nobody" })).toEqual([]);
    expect((await rest.get(`/api/v1/workers/${a.id}`)).body.status).toBe("PAUSED");

    expect(await update({ isPaused: false, labels: ["zone:a"] })).toMatchObject({ rows: [{ status: "ACTIVE" }] });
    await rest.run("crew");
    const task = await a.next();
    const drain = { isPaused: true, labels: ["zone:a"], waitUntilIdleMs: 30_000 };
    expect(await update({ ...drain, waitUntilIdleMs: 0 })).toMatchObject({
      rows: [{ status: "PAUSED" }],
      busy: [a.id],
    });
    const drained = update(drain);
    await a.succeed(task);
    expect(await drained).toMatchObject({ rows: [{ slotConfig: { default: { available: 1 } } }], busy: [] });

    expect(await update({ isPaused: true })).toMatchObject({
      errors: [{ description: "which workers? one of workerIds, labels, name and version must be given" }],
    });
    a.leave();
    b.leave();
  });

  test("know their workflows", async () => {
    const worker = await rest.worker(["dag:b"]);
    const { body } = await rest.get(`/api/v1/workers/${worker.id}`);
    expect(body.registeredWorkflows).toEqual([{ id: expect.any(String), name: "dag" }]);
    expect(body.recentStepRuns).toEqual([]);
    worker.leave();
  });
});

describe("workflows", () => {
  const list = async (query: string) => (await rest.get(`/api/v1/tenants/${rest.tenantId}/workflows?${query}`)).body;

  test("are found by a part of their name, the exact one first", async () => {
    await rest.put({ name: "my-dag", tasks: [{ readableId: "x", action: "my:x" }] });
    const { rows } = await list("name=DAG");
    expect(rows.map((row: { name: string }) => row.name)).toEqual(["my-dag", "dag"]);
    expect((await list("name=dag")).rows[0]).toMatchObject({
      name: "dag",
      description: "",
      isPaused: false,
      tenantId: rest.tenantId,
    });
    expect(await list("name=zzz")).toEqual({
      pagination: { current_page: 1, next_page: 2, num_pages: 0 },
      rows: [],
    });
  });

  test("show their newest version, and any other that is theirs", async () => {
    const first = await rest.put({
      name: "versions",
      description: "one",
      tasks: [{ readableId: "v", action: "v:v" }],
      eventTriggers: [],
    });
    const second = await rest.put({
      name: "versions",
      description: "two",
      tasks: [{ readableId: "v", action: "v:v" }],
    });
    const path = `/api/v1/workflows/${first.workflowId}`;
    expect((await rest.get(path)).body).toMatchObject({
      name: "versions",
      description: "two",
      versions: [{ metadata: { id: second.versionId }, workflowId: first.workflowId }],
    });
    const newest = (await rest.get(`${path}/versions`)).body;
    expect(newest).toMatchObject({
      metadata: { id: second.versionId },
      order: 2,
      version: "",
      defaultPriority: 0,
      scheduleTimeout: "5m",
      v1Concurrency: [],
      workflowConfig: { name: "versions" },
      workflow: { name: "versions" },
    });
    const older = (await rest.get(`${path}/versions?version=${first.versionId}`)).body;
    expect(older).toMatchObject({ metadata: { id: first.versionId }, order: 1 });
    const other = await rest.put({ name: "elsewhere", tasks: [{ readableId: "v", action: "v:v" }] });
    expect(await rest.get(`${path}/versions?version=${other.versionId}`)).toMatchObject({
      status: 404,
      body: { errors: [{ description: "version not found" }] },
    });
  });
});

test("logs are listed, searched and paged", async () => {
  await rest.put({ name: "logs", tasks: [{ readableId: "l", action: "logs:run" }] });
  const worker = await rest.worker(["logs:run"]);
  const id = await rest.run("logs");
  await worker.next();
  const line = (message: string, level: string) => ({ taskId: id, attempt: 1, level, message, metadata: '{"k":1}' });
  for (const one of [line("first", "info"), line("50% done", "WARNING"), line("an Err", "ERROR")]) {
    await rest.engine.putLogs(rest.tenantId, [one]);
  }
  const logs = async (query = "") => (await rest.get(`/api/v1/stable/tasks/${id}/logs?${query}`)).body.rows;
  const all = await logs();
  expect(all.map((one: { message: string }) => one.message)).toEqual(["first", "50% done", "an Err"]);
  expect(all.map((one: { level: string }) => one.level)).toEqual(["INFO", "WARN", "ERROR"]);
  expect(all[0]).toMatchObject({ metadata: { k: 1 }, taskExternalId: id, attempt: 1, retryCount: 0 });
  const messages = async (query: string) => (await logs(query)).map((one: { message: string }) => one.message);
  expect(await messages("search=ERR")).toEqual(["an Err"]);
  expect(await messages("search=%25")).toEqual(["50% done"]);
  expect(await messages("levels=ERROR&levels=INFO")).toEqual(["first", "an Err"]);
  expect(await messages("order_by_direction=DESC&limit=1")).toEqual(["an Err"]);
  expect(await messages(`since=${all[1].createdAt}`)).toEqual(["an Err"]);
  expect(await messages("attempt=2")).toEqual([]);
  expect((await rest.get(`/api/v1/stable/tasks/${id}/logs?limit=10001`)).status).toBe(400);
  expect((await rest.get(`/api/v1/stable/tasks/${id}/logs?levels=error`)).status).toBe(400);
  worker.leave();
});
