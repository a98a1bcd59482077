import { newRunId, type RunId, taskIdOf } from "@helve/core";
import { forgetAskedAgain } from "@helve/store";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";
import type { TestWorker } from "../testing/test-worker.ts";

let cluster: TestCluster;
let a: TestEngine;
let b: TestEngine;
let worker: TestWorker;

beforeEach(async () => {
  cluster = await testCluster();
  a = await cluster.start();
  b = await cluster.start();
  const task = (id: string, parents: string[] = []) => ({ readableId: id, action: `work:${id}`, parents });
  await a.put({ name: "plain", tasks: [task("plain")] });
  await a.put({ name: "dag", tasks: [task("a"), task("b", ["a"])] });
  worker = await a.worker({ actions: ["work:plain", "work:a", "work:b"] });
});
afterEach(() => cluster.end());

const WAITING_INSERT = `
  select from pg_stat_activity
   where application_name = 'engine-1' and wait_event_type = 'Lock' and query like '%insert into task_run%'`;

const ask = (runId: RunId, workflow: string) => ({ workflow, input: "{}", metadata: "", runId });

test.each([
  ["here", () => a],
  ["elsewhere", () => b],
])("a run that is asked for again %s is the same run, whether it goes on or has ended", async (_where, second) => {
  const id = newRunId();
  const again = { ...ask(id, "plain"), isRepeated: true };
  expect(await a.engine.triggerRuns(a.tenantId, [ask(id, "plain")])).toEqual([id]);
  const task = await worker.next();
  expect(await second().engine.triggerRuns(a.tenantId, [again])).toEqual([id]);
  await worker.succeed(task);
  expect(await second().engine.triggerRuns(a.tenantId, [again])).toEqual([id]);
  expect(await second().ended(id)).toMatchObject({ status: "succeeded" });
  const other = await a.run("plain");
  expect((await worker.next()).id, "its slot was given once").toBe(other);
  expect(worker.sent).toHaveLength(2);
  expect(await a.query("select from task_run where id = $1", [id])).toEqual([]);
});

test("so is a run of several tasks, half-way and in the end", async () => {
  const id = newRunId();
  const again = { ...ask(id, "dag"), isRepeated: true };
  await a.engine.triggerRuns(a.tenantId, [ask(id, "dag")]);
  await worker.succeed(await worker.next());
  const second = await worker.next();
  expect(await a.engine.triggerRuns(a.tenantId, [again])).toEqual([id]);
  await worker.succeed(second);
  expect(await b.engine.triggerRuns(b.tenantId, [again])).toEqual([id]);
  expect(await b.ended(id)).toMatchObject({ status: "succeeded", tasks: [{}, { taskId: taskIdOf(id, 2) }] });
  expect(worker.sent).toHaveLength(2);
  expect(await a.query("select from task_run union all select from workflow_run")).toEqual([]);
});

test("one that was asked for and never stored is started by the second request", async () => {
  const id = newRunId();
  expect(await a.engine.triggerRuns(a.tenantId, [{ ...ask(id, "plain"), isRepeated: true }])).toEqual([id]);
  const result = a.ended(id);
  await worker.succeed(await worker.next());
  expect(await result).toMatchObject({ status: "succeeded" });
});

test("asked for twice at the same time, by a client that came back before the first was written, it is started once", async () => {
  const id = newRunId();
  const asked = [
    a.engine.triggerRuns(a.tenantId, [ask(id, "plain")]),
    a.engine.triggerRuns(a.tenantId, [{ ...ask(id, "plain"), isRepeated: true }]),
  ];
  expect(await Promise.all(asked)).toEqual([[id], [id]]);
  await worker.succeed(await worker.next());
  expect(await a.ended(id)).toMatchObject({ status: "succeeded" });
  expect(worker.sent).toHaveLength(1);
});

test("a first request that is written after the run has ended elsewhere does not start it anew", async () => {
  const id = newRunId();
  await b.engine.triggerRuns(b.tenantId, [{ ...ask(id, "plain"), isRepeated: true }]);
  await worker.succeed(await worker.next());
  const late = ask(id, "plain");
  const written = a.engine.triggerRuns(a.tenantId, [late]);
  // Its client is gone: so its edge says, before the batch is written.
  Object.assign(late, { isRepeated: true });
  expect(await written).toEqual([id]);
  expect(await a.query("select from task_run")).toEqual([]);
  expect(worker.sent).toHaveLength(1);
});

test("nor does one that is read by an engine which stood still while its client asked elsewhere", async () => {
  const id = newRunId();
  await b.engine.triggerRuns(b.tenantId, [{ ...ask(id, "plain"), isRepeated: true }]);
  await worker.succeed(await worker.next());
  // This whole process stands still.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_100);
  expect(await a.engine.triggerRuns(a.tenantId, [ask(id, "plain")])).toEqual([id]);
  expect(await a.query("select from task_run")).toEqual([]);
  expect(worker.sent).toHaveLength(1);
});

test.each([
  ["alone", false],
  ["together with a child that has a key", true],
])("nor does one that comes, %s, a moment after its client has asked elsewhere", async (_how, withChild) => {
  const parentTaskId = await a.run("plain");
  await worker.next();
  const id = newRunId();
  const other = await b.worker({ actions: ["work:plain"] });
  await b.engine.triggerRuns(b.tenantId, [{ ...ask(id, "plain"), isRepeated: true }]);
  const child = { workflow: "plain", input: "{}", metadata: "", parentTaskId, childIndex: 0 };
  const ids = await a.engine.triggerRuns(a.tenantId, [ask(id, "plain"), ...(withChild ? [child] : [])]);
  expect(ids[0]).toBe(id);
  await worker.succeed(await Promise.race([a.taken(id), b.taken(id)]));
  expect(await a.ended(id)).toMatchObject({ status: "succeeded" });
  expect([...worker.sent, ...other.sent].filter((task) => task.id === id)).toHaveLength(1);
});

test.each([
  ["plain", 1],
  ["dag", 2],
])(
  "nor does one of a %s run that comes when the run has ended elsewhere, and nobody saw that its client was gone",
  async (workflow, tasks) => {
    const id = newRunId();
    await b.engine.triggerRuns(b.tenantId, [{ ...ask(id, workflow), isRepeated: true }]);
    for (let task = 0; task < tasks; task++) await worker.succeed(await worker.next());
    expect(await b.ended(id)).toMatchObject({ status: "succeeded" });

    expect(await a.engine.triggerRuns(a.tenantId, [ask(id, workflow)])).toEqual([id]);
    expect(await a.query("select from task_run union all select from workflow_run")).toEqual([]);
    const next = await a.run("plain");
    expect((await worker.next()).id, "its slot was given back").toBe(next);
    expect(worker.sent).toHaveLength(tasks + 1);
  },
);

test("nor does one that Postgres is carrying out all the while", async () => {
  const id = newRunId();
  const other = await b.worker({ actions: ["work:plain"] });
  const late = await b.db.transaction(async (tx) => {
    // Its statement has begun, and waits for the row by which its replica is fenced.
    await tx.query({ name: "", text: "select from replica where name = 'engine-1' for update" });
    const answered = a.engine.triggerRuns(a.tenantId, [ask(id, "plain")]);
    await expect.poll(() => b.query(WAITING_INSERT)).toHaveLength(1);
    await b.engine.triggerRuns(b.tenantId, [{ ...ask(id, "plain"), isRepeated: true }]);
    await other.succeed(await other.next());
    expect(await b.ended(id)).toMatchObject({ status: "succeeded" });
    return { answered };
  });
  expect(await late.answered).toEqual([id]);
  expect(await a.query("select from task_run")).toEqual([]);
  const next = await a.run("plain");
  expect((await worker.next()).id, "its slot was given back").toBe(next);
});

test("what was asked for again is remembered for minutes, and no longer", async () => {
  async function repeat(): Promise<void> {
    await b.engine.triggerRuns(b.tenantId, [{ ...ask(newRunId(), "plain"), isRepeated: true }]);
    await worker.succeed(await worker.next());
  }
  const remembered = async () => (await b.query("select from asked_again")).length;
  await repeat();
  await cluster.clock.jump(11 * 60_000);
  await repeat();
  expect(await remembered()).toBe(2);
  await forgetAskedAgain(b.db);
  expect(await remembered()).toBe(1);
});
