import { taskIdOf } from "@helve/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RestFixture, restFixture } from "../testing/rest-fixture.ts";

let rest: RestFixture;

beforeAll(async () => {
  rest = await restFixture();
});
afterAll(() => rest.close());

const details = async (id: string) => (await rest.get(`/api/v1/stable/workflow-runs/${id}`)).body;
const status = async (id: string) => (await rest.get(`/api/v1/stable/workflow-runs/${id}/status`)).text;

async function simple(name: string, options: object = {}): Promise<void> {
  await rest.put({ name, tasks: [{ readableId: name, action: `${name}:run`, ...options }] });
}

test("a standalone run, from the line to its end", async () => {
  await simple("life");
  const id = await rest.run("life", { input: '{"big":12345678901234567890}', metadata: '{"env":"test"}' });
  expect(await status(id)).toBe('"QUEUED"');
  const queued = await details(id);
  expect(queued.run).toMatchObject({ status: "QUEUED", output: {}, errorMessage: "" });
  for (const field of ["startedAt", "finishedAt", "duration"]) expect(queued.run).not.toHaveProperty(field);

  const worker = await rest.worker(["life:run"]);
  const task = await worker.next();
  await worker.started(task);
  expect(await status(id)).toBe('"RUNNING"');
  await worker.succeed(task, '{"echo":1.0}');
  await rest.ended(id);

  const { run, tasks, shape, workflowConfig } = await details(id);
  expect(run).toMatchObject({
    metadata: { id },
    status: "COMPLETED",
    output: { echo: 1 },
    additionalMetadata: { env: "test" },
    tenantId: rest.tenantId,
  });
  expect(run.displayName).toMatch(/^life-\d{13}$/);
  expect(run.duration).toBe(Date.parse(run.finishedAt) - Date.parse(run.startedAt));
  expect(Object.keys(run.input).sort()).toEqual(
    ["input", "overrides", "parents", "triggered_by", "triggers", "user_data"].sort(),
  );
  expect(tasks).toHaveLength(1);
  expect(tasks[0]).toMatchObject({
    taskExternalId: id,
    workflowRunExternalId: id,
    type: "TASK",
    actionId: "life:run",
    retryCount: 0,
    attempt: 1,
    isDurable: false,
  });
  expect(tasks[0].taskId).toBeLessThan(2 ** 53);
  expect(shape).toEqual([{ taskExternalId: id, stepId: tasks[0].stepId, childrenStepIds: [], taskName: "life" }]);
  expect(workflowConfig).toMatchObject({ name: "life" });
  worker.leave();
});

test("payloads are shown as they were sent, to the digit", async () => {
  await simple("digits");
  const input = '{"z": 12345678901234567890, "a": 1.0}';
  const id = await rest.run("digits", { input });
  const worker = await rest.worker(["digits:run"]);
  await worker.succeed(await worker.next(), '{"out": 0.10}');
  await rest.ended(id);
  const { text } = await rest.get(`/api/v1/stable/workflow-runs/${id}`);
  expect(text).toContain(`"input":${input}`);
  expect(text).toContain('"output":{"out": 0.10}');
  worker.leave();
});

describe("a DAG", () => {
  const task = (readableId: string, parents: string[] = []) => ({ readableId, action: `dag:${readableId}`, parents });

  test("shows its tasks, its graph and the events of all", async () => {
    await rest.put({ name: "dag", tasks: [task("a"), task("b", ["a"]), task("c", ["a", "b"])] });
    const id = await rest.run("dag", { input: '{"d":1}', metadata: '{"env":"dag"}' });
    expect((await details(id)).run.status).toBe("QUEUED");
    const worker = await rest.worker(["dag:a", "dag:b", "dag:c"]);
    await worker.succeed(await worker.next(), '{"a":1}');
    const second = await worker.next();
    const middle = await details(id);
    expect(middle.run).toMatchObject({ status: "RUNNING", output: {} });
    expect(middle.run).not.toHaveProperty("finishedAt");
    expect(middle.tasks.map((one: { status: string }) => one.status)).toEqual(["QUEUED", "RUNNING", "COMPLETED"]);
    await worker.succeed(second, '{"b":2}');
    await worker.succeed(await worker.next(), '{"c":3}');
    await rest.ended(id);

    const { run, tasks, shape, taskEvents } = await details(id);
    expect(run).toMatchObject({ status: "COMPLETED", input: { d: 1 }, output: { c: 3 } });
    expect(tasks.map((one: { taskExternalId: string }) => one.taskExternalId)).toEqual(
      [3, 2, 1].map((number) => taskIdOf(id, number)),
    );
    expect(tasks[0]).toMatchObject({
      workflowRunExternalId: id,
      additionalMetadata: { env: "dag" },
      input: { input: { d: 1 }, parents: { a: { a: 1 }, b: { b: 2 } } },
      output: { c: 3 },
    });
    const step = (name: string) => shape.find((one: { taskName: string }) => one.taskName === name);
    expect(step("a").childrenStepIds).toEqual([step("b").stepId, step("c").stepId]);
    expect(step("c")).toMatchObject({ taskExternalId: taskIdOf(id, 3), childrenStepIds: [] });
    const finished = taskEvents.filter((event: { eventType: string }) => event.eventType === "FINISHED");
    expect(finished.map((event: { output: string }) => event.output)).toEqual(['{"c":3}', '{"b":2}', '{"a":1}']);
    expect((await rest.get(`/api/v1/stable/workflow-runs/${id}/task-events`)).body.rows).toEqual(taskEvents);

    expect((await details(taskIdOf(id, 2))).run.metadata.id).toBe(id);
    worker.leave();
  });

  test("that failed shows the error of the task that failed, and what followed", async () => {
    const onFailureTask = { readableId: "cleanup", action: "dag:cleanup" };
    await rest.put({ name: "failing", tasks: [task("x"), task("y", ["x"])], onFailureTask });
    const id = await rest.run("failing");
    const worker = await rest.worker(["dag:x", "dag:cleanup"]);
    await worker.fail(await worker.next(), "x broke");
    await worker.succeed(await worker.next(), '{"cleaned":true}');
    await rest.ended(id);
    const { run, tasks } = await details(id);
    expect(run).toMatchObject({ status: "FAILED", errorMessage: "x broke", output: { cleaned: true } });
    expect(tasks.map((one: { status: string }) => one.status)).toEqual(["COMPLETED", "CANCELLED", "FAILED"]);
    worker.leave();
  });

  test("shows an on-failure task that nobody needed as completed", async () => {
    const onFailureTask = { readableId: "cleanup", action: "unused:cleanup" };
    await rest.put({ name: "unused", tasks: [{ readableId: "u", action: "unused:u" }], onFailureTask });
    const id = await rest.run("unused");
    const worker = await rest.worker(["unused:u"]);
    await worker.succeed(await worker.next());
    await rest.ended(id);
    const { run, tasks, taskEvents } = await details(id);
    expect(run).toMatchObject({ status: "COMPLETED", output: { ok: true } });
    expect(tasks[0]).toMatchObject({ status: "COMPLETED", output: { skipped: true } });
    expect(taskEvents[0]).toMatchObject({ eventType: "SKIPPED" });
    worker.leave();
  });
});

describe("attempts and events", () => {
  test("of a task that failed to the end", async () => {
    await simple("retried", { retries: 2 });
    const id = await rest.run("retried");
    const worker = await rest.worker(["retried:run"]);
    for (const attempt of [1, 2, 3]) {
      const task = await worker.next();
      await worker.started(task);
      await worker.fail(task, `failure ${attempt}`);
    }
    await rest.ended(id);

    const task = (await rest.get(`/api/v1/stable/tasks/${id}`)).body;
    expect(task).toMatchObject({ status: "FAILED", retryCount: 2, attempt: 3, errorMessage: "failure 3", input: {} });
    const first = (await rest.get(`/api/v1/stable/tasks/${id}?attempt=1`)).body;
    expect(first).toMatchObject({ status: "FAILED", retryCount: 0, attempt: 1, errorMessage: "failure 1" });
    expect(Date.parse(first.finishedAt)).toBeLessThanOrEqual(Date.parse(task.startedAt));
    expect(await rest.get(`/api/v1/stable/tasks/${id}?attempt=0`)).toMatchObject({
      status: 400,
      body: { message: "Attempt must be greater than 0" },
    });
    expect((await rest.get(`/api/v1/stable/tasks/${id}?attempt=4`)).status).toBe(404);

    const { rows } = (await rest.get(`/api/v1/stable/tasks/${id}/task-events`)).body;
    const shown = rows.map((event: { attempt: number; eventType: string }) => `${event.attempt} ${event.eventType}`);
    const ordinary = ["FAILED", "STARTED", "SENT_TO_WORKER", "ASSIGNED", "QUEUED"];
    const latest = [...ordinary, "RETRYING"].map((type) => `3 ${type}`);
    expect(shown.slice(0, latest.length)).toEqual(latest);
    for (const type of ["FAILED", "ASSIGNED", "QUEUED"]) expect(shown).toContain(`1 ${type}`);
    expect(rows[0]).toMatchObject({ errorMessage: "failure 3", message: "", taskId: id });
    expect(rows[0]).not.toHaveProperty("output");
    const page = (await rest.get(`/api/v1/stable/tasks/${id}/task-events?limit=2&offset=1`)).body.rows;
    expect(page).toEqual(rows.slice(1, 3));
    worker.leave();
  });

  test("a report that came too late shows under a type that clients know", async () => {
    await simple("late");
    const id = await rest.run("late");
    const worker = await rest.worker(["late:run"]);
    const task = await worker.next();
    await rest.engine.cancel(rest.tenantId, [id], "enough");
    await worker.succeed(task);
    const { rows } = (await rest.get(`/api/v1/stable/tasks/${id}/task-events`)).body;
    expect(rows[0]).toMatchObject({ eventType: "ACKNOWLEDGED" });
    expect(rows[0].message).toMatch(/^Late report: a report of succeeded/);
    expect(rows[1]).toMatchObject({ eventType: "CANCELLED", message: "enough" });
    expect((await details(id)).run).toMatchObject({ status: "CANCELLED", errorMessage: "enough" });
    worker.leave();
  });

  test("after a replay the attempts go on counting and the old ones stay", async () => {
    await simple("replayed");
    const id = await rest.run("replayed");
    const worker = await rest.worker(["replayed:run"]);
    await worker.fail(await worker.next(), "first");
    await rest.ended(id);
    const path = `/api/v1/stable/tenants/${rest.tenantId}/tasks/replay`;
    expect((await rest.post(path, { externalIds: [id] })).body).toEqual({ ids: [id] });
    const again = await worker.next();
    await worker.succeed(again);
    await rest.ended(id);
    expect((await rest.get(`/api/v1/stable/tasks/${id}`)).body).toMatchObject({ status: "COMPLETED", attempt: 2 });
    const first = (await rest.get(`/api/v1/stable/tasks/${id}?attempt=1`)).body;
    expect(first).toMatchObject({ status: "FAILED", errorMessage: "first" });
    const { rows } = (await rest.get(`/api/v1/stable/tasks/${id}/task-events`)).body;
    expect(rows.map((event: { eventType: string }) => event.eventType)).toContain("RETRIED_BY_USER");
    worker.leave();
  });
});

describe("why a run waits", () => {
  const waits = async (id: string) => (await rest.get(`/api/v1/stable/workflow-runs/${id}/waits`)).body.rows;

  test("is said with the workers and tasks in the way, and what would release it", async () => {
    await simple("crowded");
    const worker = await rest.worker(["crowded:run"], 1);
    const first = await rest.run("crowded");
    const task = await worker.next();
    const second = await rest.run("crowded");
    const [row, ...others] = await waits(second);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ taskExternalId: second, taskName: "crowded" });
    expect(row.reasons).toEqual([
      {
        rule: "busy",
        message: "all slots of the workers that may take it are taken",
        releasedBy: "one of the tasks that hold them ends",
        workers: [{ workerId: worker.id, name: "test-worker", detail: "has 1 of 1 default slots in use" }],
        tasks: [{ taskExternalId: first, detail: "crowded runs on test-worker" }],
        deadline: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ]);
    expect(await waits(first)).toEqual([]);
    await worker.succeed(task);
    await worker.succeed(await worker.next());
    await rest.ended(second);
    expect(await waits(second)).toEqual([]);
    worker.leave();
  });

  test("is said of each task of a graph, those in a line first", async () => {
    const task = (readableId: string, parents: string[] = []) => ({
      readableId,
      action: `graph:${readableId}`,
      parents,
    });
    await rest.put({ name: "graph", tasks: [task("b", ["a"]), task("a")] });
    const rows = await waits(await rest.run("graph"));
    expect(rows.map((row: { taskName: string }) => row.taskName)).toEqual(["a", "b"]);
    expect(rows.map((row: { reasons: { rule: string }[] }) => row.reasons[0]?.rule)).toEqual(["action", "parents"]);
  });
});

test("restoring says that durable tasks are not served", async () => {
  await simple("plain");
  const id = await rest.run("plain");
  const answer = await rest.post(`/api/v1/stable/tasks/${id}/restore`);
  expect(answer.status).toBe(501);
  expect(answer.body.errors[0].description).toMatch(/durable tasks are not served yet/);
});

test("spawned children are counted, and know their parent", async () => {
  await simple("parent");
  await simple("child");
  const worker = await rest.worker(["parent:run"]);
  const parent = await rest.run("parent");
  await worker.next();
  const child = await rest.run("child", { parentTaskId: parent, childIndex: 0 });
  expect((await rest.get(`/api/v1/stable/tasks/${parent}`)).body.numSpawnedChildren).toBe(1);
  expect((await details(child)).run.parentTaskExternalId).toBe(parent);
  worker.leave();
});
