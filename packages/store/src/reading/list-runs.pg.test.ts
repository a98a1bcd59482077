import { taskIdOf, type Uuid } from "@helve/core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { insertTaskEvents } from "../task-events/task-events.ts";
import { type ReadingFixture, readingFixture, type StoredWorkflow } from "./reading-fixture.ts";
import type { RunFilter } from "./run-filter.ts";

let fixture: ReadingFixture;
let plain: StoredWorkflow;
let diamond: StoredWorkflow;

beforeAll(async () => {
  fixture = await readingFixture();
  plain = await fixture.workflow("plain");
  diamond = await fixture.workflow("diamond", { a: [], b: ["a"], c: ["a"], d: ["b", "c"] });
});
afterAll(() => fixture.drop());
beforeEach(async () => {
  const text = "truncate task_run, task_run_history, workflow_run, workflow_run_history, task_event, log_line";
  await fixture.db.query({ name: "", text });
});

const ALL = { limit: 100, offset: 0, withPayloads: true };

async function runs(filter: RunFilter = {}, page = ALL): Promise<Uuid[]> {
  return (await fixture.reading.listRuns(fixture.tenantId, filter, page)).map((run) => run.id);
}

async function tasks(filter: RunFilter = {}): Promise<Uuid[]> {
  return (await fixture.reading.listTasks(fixture.tenantId, filter, ALL)).map((task) => task.id);
}

test("lists standalone tasks and DAG runs, unfinished and finished, newest first", async () => {
  const old = await fixture.standalone(plain, { atMs: 1_000, status: "assigned" });
  const dag = await fixture.dag(diamond, { atMs: 2_000 });
  const done = await fixture.standalone(plain, { atMs: 3_000, status: "assigned" });
  const endedDag = await fixture.dag(diamond, { atMs: 4_000 });
  await fixture.end(done, "succeeded", { output: '{"n":1}' });
  for (const number of [1, 2, 3, 4]) await fixture.end(taskIdOf(endedDag, number), "succeeded");
  await fixture.endRun(endedDag, "succeeded");

  const listed = await fixture.reading.listRuns(fixture.tenantId, {}, ALL);
  expect(listed.map(({ id, status, isWorkflowRun }) => ({ id, status, isWorkflowRun }))).toEqual([
    { id: endedDag, status: "succeeded", isWorkflowRun: true },
    { id: done, status: "succeeded", isWorkflowRun: false },
    { id: dag, status: "queued", isWorkflowRun: true },
    { id: old, status: "assigned", isWorkflowRun: false },
  ]);
  expect(listed[1]).toMatchObject({ output: '{"n":1}', input: "{}", versionId: plain.version.id });
  expect(await tasks()).toHaveLength(10);
});

test("pages neither repeat nor lose a run", async () => {
  for (let i = 1; i <= 7; i++) {
    const id = await fixture.standalone(plain, { atMs: i * 1_000 });
    if (i % 2) await fixture.end(id, "failed");
  }
  const whole = await runs();
  const pages = [0, 3, 6].map((offset) => runs({}, { limit: 3, offset, withPayloads: false }));
  expect((await Promise.all(pages)).flat()).toEqual(whole);
  expect(await runs({}, { limit: 3, offset: 7, withPayloads: false })).toEqual([]);
});

test("payloads are left out unless they are asked for", async () => {
  const id = await fixture.standalone(plain, { input: '{"x":1}', status: "assigned" });
  await fixture.end(id, "succeeded", { output: "{}" });
  const [row] = await fixture.reading.listRuns(fixture.tenantId, {}, { ...ALL, withPayloads: false });
  expect(row).toMatchObject({ input: null, output: null, metadata: "{}" });
});

test("a DAG is under way once a task of it was given to a worker or has ended", async () => {
  const id = await fixture.dag(diamond);
  const status = async () => (await fixture.reading.listRuns(fixture.tenantId, {}, ALL))[0]?.status;
  expect(await status()).toBe("queued");
  await fixture.end(taskIdOf(id, 1), "succeeded");
  expect(await status()).toBe("running");
});

describe("filters", () => {
  test("by time of storing, both borders included", async () => {
    const ids: Uuid[] = [];
    for (const atMs of [1_000, 2_000, 3_000]) ids.push(await fixture.standalone(plain, { atMs }));
    expect(await runs({ sinceMs: 2_000 })).toEqual([ids[2], ids[1]]);
    expect(await runs({ untilMs: 2_000 })).toEqual([ids[1], ids[0]]);
    expect(await runs({ sinceMs: 2_000, untilMs: 2_000 })).toEqual([ids[1]]);
    expect(await runs({ sinceMs: Number.MAX_SAFE_INTEGER })).toEqual([]);
    expect(await runs({ sinceMs: -62_135_596_800_000 })).toHaveLength(3);
  });

  test("by status, the unfinished ones too", async () => {
    const queued = await fixture.standalone(plain, { atMs: 1 });
    const running = await fixture.standalone(plain, { atMs: 2, status: "assigned" });
    const failed = await fixture.standalone(plain, { atMs: 3, status: "assigned" });
    const queuedDag = await fixture.dag(diamond, { atMs: 4 });
    const runningDag = await fixture.dag(diamond, { atMs: 5 });
    await fixture.end(failed, "failed", { error: "broke" });
    await fixture.end(taskIdOf(runningDag, 1), "succeeded");
    expect(await runs({ statuses: ["queued"] })).toEqual([queuedDag, queued]);
    expect(await runs({ statuses: ["running"] })).toEqual([runningDag, running]);
    expect(await runs({ statuses: ["failed"] })).toEqual([failed]);
    expect(await runs({ statuses: ["queued", "running"] })).toHaveLength(4);
    expect(await runs({ statuses: ["cancelled"] })).toEqual([]);
    expect(await runs({ statuses: [] })).toEqual([]);
    expect(await tasks({ statuses: ["succeeded"] })).toEqual([taskIdOf(runningDag, 1)]);
  });

  test("by workflow", async () => {
    const one = await fixture.standalone(plain);
    const dag = await fixture.dag(diamond);
    expect(await runs({ workflowIds: [plain.version.workflowId] })).toEqual([one]);
    expect(await runs({ workflowIds: [diamond.version.workflowId] })).toEqual([dag]);
    expect(await runs({ workflowIds: [fixture.tenantId] })).toEqual([]);
  });

  test("by metadata: any pair or all of them, the text of a value, a colon in it", async () => {
    const a = await fixture.standalone(plain, { atMs: 1, metadata: '{"env":"test","n":5}' });
    const b = await fixture.standalone(plain, { atMs: 2, metadata: '{"env":"live","url":"http://x"}' });
    const dag = await fixture.dag(diamond, { atMs: 3, metadata: '{"env":"test","big":12345678901234567890}' });
    await fixture.standalone(plain, { atMs: 4, metadata: "" });
    expect(await runs({ metadata: [["env", "test"]] })).toEqual([dag, a]);
    const pairs = [["env", "test"] as const, ["n", "5"] as const];
    expect(await runs({ metadata: pairs })).toEqual([dag, a]);
    expect(await runs({ metadata: pairs, metadataMatch: "all" })).toEqual([a]);
    expect(await runs({ metadata: [["url", "http://x"]] })).toEqual([b]);
    expect(await runs({ metadata: [["big", "12345678901234567890"]] })).toEqual([dag]);
    expect(await tasks({ metadata: [["env", "test"]] })).toHaveLength(5);
  });

  test("by metadata that is written in odd ways", async () => {
    const odd: Record<string, [metadata: string, key: string, value: string]> = {
      quotes: ['{"k":"a\\"b"}', "k", 'a"b'],
      escape: ['{"k":"\\u0041"}', "k", "A"],
      spaces: ['{ "k" :\t5\n}', "k", "5"],
      truth: ['{"k":true}', "k", "true"],
      nested: ['{"k": {"a": [1, 2]}}', "k", '{"a": [1, 2]}'],
      wildcards: ['{"k":"100%_x"}', "k", "100%_x"],
      unicode: ['{"k":"é"}', "k", "é"],
      empty: ['{"k":""}', "k", ""],
    };
    for (const [name, [metadata, key, value]] of Object.entries(odd)) {
      const id = await fixture.standalone(plain, { metadata });
      expect(await runs({ metadata: [[key, value]] }), name).toEqual([id]);
      expect(await runs({ metadata: [["other", value]] }), name).toEqual([]);
      expect(await runs({ metadata: [[key, `${value}!`]] }), name).toEqual([]);
    }
  });

  test("by the task that started a run, and by the event", async () => {
    const parent = await fixture.standalone(plain, { status: "assigned" });
    const child = await fixture.standalone(plain, { parentTaskId: parent });
    const dag = await fixture.dag(diamond, { parentTaskId: parent });
    expect((await runs({ parentTaskId: parent })).sort()).toEqual([child, dag].sort());
    const ofEvent = await fixture.standalone(plain, { metadata: `{"hatchet__event_id":"${parent}"}` });
    expect(await runs({ eventId: parent })).toEqual([ofEvent]);
  });

  test("by the worker that had a task last", async () => {
    const workerId = fixture.tenantId;
    const mine = await fixture.standalone(plain, { status: "assigned", workerId });
    await fixture.standalone(plain, { status: "assigned" });
    await fixture.end(mine, "succeeded");
    expect(await tasks({ workerId })).toEqual([mine]);
  });

  test("never shows what another tenant has", async () => {
    const other = await fixture.otherTenant();
    const theirs = await fixture.workflow("theirs", { only: [] }, other);
    await fixture.standalone(theirs);
    expect(await runs()).toEqual([]);
    expect(await fixture.reading.listRuns(other, {}, ALL)).toHaveLength(1);
    expect(await runs({ workflowIds: [theirs.version.workflowId] })).toEqual([]);
  });
});

test("counts as far as it is told to", async () => {
  for (let i = 0; i < 5; i++) await fixture.standalone(plain);
  await fixture.dag(diamond);
  expect(await fixture.reading.countRuns(fixture.tenantId, {}, 100)).toBe(6);
  expect(await fixture.reading.countRuns(fixture.tenantId, {}, 4)).toBe(4);
  expect(await fixture.reading.countTasks(fixture.tenantId, {}, 100)).toBe(9);
});

test("finds ids page by page, also when runs end in between", async () => {
  const ids: Uuid[] = [];
  for (let i = 1; i <= 5; i++) ids.push(await fixture.standalone(plain, { atMs: i, status: "assigned" }));
  const first = await fixture.reading.findRuns(fixture.tenantId, {}, 2);
  for (const id of first) await fixture.end(id, "cancelled");
  const rest = await fixture.reading.findRuns(fixture.tenantId, { beforeId: first[1] as Uuid }, 10);
  expect([...first, ...rest]).toEqual(ids.reverse());
});

test("counts runs by status", async () => {
  await fixture.standalone(plain);
  const running = await fixture.standalone(plain, { status: "assigned" });
  const failed = await fixture.standalone(plain, { status: "assigned" });
  await fixture.end(failed, "failed");
  const dag = await fixture.dag(diamond);
  await fixture.end(taskIdOf(dag, 1), "skipped");
  const counts = await fixture.reading.countByStatus(fixture.tenantId, {});
  expect(counts).toEqual({ queued: 1, running: 2, succeeded: 0, failed: 1, cancelled: 0 });
  await fixture.end(running, "skipped");
  expect(await fixture.reading.countByStatus(fixture.tenantId, {})).toMatchObject({ running: 1, succeeded: 1 });
});

test("gives whole runs with their tasks in order", async () => {
  const first = await fixture.dag(diamond, { atMs: 1 });
  const second = await fixture.dag(diamond, { atMs: 2 });
  await fixture.end(taskIdOf(first, 1), "succeeded", { output: '{"a":1}' });
  const records = await fixture.reading.listWholeRuns(fixture.tenantId, [second, first], true);
  expect(records.map((record) => record.id)).toEqual(
    [first, second].flatMap((id) => [0, 1, 2, 3, 4].map((number) => taskIdOf(id, number))),
  );
  expect(records[1]).toMatchObject({ status: "succeeded", output: '{"a":1}' });
});

describe("one run", () => {
  test("is found by its own id and by a task's", async () => {
    const dag = await fixture.dag(diamond, { input: '{"d":1}' });
    await fixture.end(taskIdOf(dag, 1), "succeeded", { output: '{"a":1}' });
    for (const id of [dag, taskIdOf(dag, 3)]) {
      const records = await fixture.reading.getRun(fixture.tenantId, id);
      expect(records.map((record) => record.id)).toEqual([0, 1, 2, 3, 4].map((number) => taskIdOf(dag, number)));
      expect(records[0]).toMatchObject({ isWorkflowRun: true, status: "running", input: '{"d":1}' });
    }
    expect(await fixture.reading.getRun(fixture.tenantId, taskIdOf(dag, 9))).toEqual([]);
  });

  test("gives a task with what its run was given", async () => {
    const dag = await fixture.dag(diamond, { input: '{"d":1}', metadata: '{"m":1}' });
    const task = await fixture.reading.getTask(fixture.tenantId, taskIdOf(dag, 2));
    expect(task).toMatchObject({ status: "waiting", input: '{"d":1}', metadata: '{"m":1}', spawnedChildren: 0 });
    expect(await fixture.reading.getTask(fixture.tenantId, dag)).toBeUndefined();
  });

  test("belongs to a tenant, whoever asks", async () => {
    const one = await fixture.standalone(plain, { status: "assigned" });
    const dag = await fixture.dag(diamond);
    expect(await fixture.reading.ownerOf("task", one)).toBe(fixture.tenantId);
    await fixture.end(one, "succeeded");
    expect(await fixture.reading.ownerOf("task", one)).toBe(fixture.tenantId);
    expect(await fixture.reading.ownerOf("run", dag)).toBe(fixture.tenantId);
    expect(await fixture.reading.ownerOf("task", dag)).toBeUndefined();
    expect(await fixture.reading.ownerOf("workflow", plain.version.workflowId)).toBe(fixture.tenantId);
    expect(await fixture.reading.ownerOf("worker", one)).toBeUndefined();
  });

  test("has the events of its tasks", async () => {
    const dag = await fixture.dag(diamond);
    const event = (taskId: Uuid, message: string) => ({
      tenantId: fixture.tenantId,
      taskId,
      attempt: 1,
      kind: "failed" as const,
      message,
      workerId: null,
    });
    await insertTaskEvents(fixture.db, [event(taskIdOf(dag, 2), "two"), event(taskIdOf(dag, 1), "one")]);
    const events = await fixture.reading.listEvents(fixture.tenantId, dag, taskIdOf(dag, 0xffff));
    expect(events.map((one) => one.message)).toEqual(["one", "two"]);
    expect(events[0]?.at).toBeInstanceOf(Date);
  });
});
