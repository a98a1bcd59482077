import { taskIdOf } from "@helve/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";

let cluster: TestCluster;
let helve: TestEngine;

beforeAll(async () => {
  cluster = await testCluster();
  helve = await cluster.start();
});
afterAll(() => cluster.end());

async function diamond(name: string, options: object = {}): Promise<string[]> {
  const task = (id: string, parents: string[] = []) => ({ readableId: id, action: `${name}:${id}`, parents });
  await helve.put({ name, tasks: [task("a"), task("b", ["a"]), task("c", ["a"]), task("d", ["b", "c"])], ...options });
  return ["a", "b", "c", "d", "hook"].map((id) => `${name}:${id}`);
}

test("a task of a DAG sees the outputs of all that came before it", async () => {
  const worker = await helve.worker({ actions: await diamond("outputs") });
  const runId = await helve.run("outputs", { input: '{"n":1}' });
  const a = await worker.next();
  expect(a).toMatchObject({ id: taskIdOf(runId, 1), runId, taskName: "a", input: '{"n":1}', parents: "{}" });
  await worker.succeed(a, '{"va":1.0}');
  const middle = [await worker.next(), await worker.next()];
  expect(middle.map((task) => task.taskName).sort()).toEqual(["b", "c"]);
  for (const task of middle) {
    expect(task.parents).toBe('{"a":{"va":1.0}}');
    await worker.succeed(task, `{"v${task.taskName}":2}`);
  }
  const d = await worker.next();
  expect(JSON.parse(d.parents)).toEqual({ a: { va: 1 }, b: { vb: 2 }, c: { vc: 2 } });
  const result = helve.ended(runId);
  await worker.succeed(d, '"text"');
  expect(await result).toMatchObject({ status: "succeeded", tasks: [{}, {}, {}, { taskName: "d", output: '"text"' }] });
});

test("two parents that end at the same moment start their child once", async () => {
  const worker = await helve.worker({ actions: await diamond("join"), slots: 100 });
  const runs = await helve.engine.triggerRuns(
    helve.tenantId,
    Array.from({ length: 25 }, () => ({ workflow: "join", input: "{}", metadata: "" })),
  );
  const ended = Promise.all(runs.map((run) => helve.ended(run)));
  for (let i = 0; i < runs.length * 4; i++) void worker.succeed(await worker.next());
  for (const result of await ended) expect(result.status).toBe("succeeded");
  expect(worker.sent.length).toBe(runs.length * 4);
});

test("a failure cancels what depends on it, and the rest goes on", async () => {
  const worker = await helve.worker({ actions: await diamond("failure") });
  const runId = await helve.run("failure");
  await worker.succeed(await worker.next());
  const middle = [await worker.next(), await worker.next()];
  const b = middle.find((task) => task.taskName === "b") as never;
  const c = middle.find((task) => task.taskName === "c") as never;
  await worker.fail(b, "b broke");
  expect(await helve.engine.getRun(helve.tenantId, runId)).toMatchObject({ status: "failed", isDone: false });
  const result = helve.ended(runId);
  await worker.succeed(c);
  const { status, tasks } = await result;
  expect(status).toBe("failed");
  expect(tasks.map((task) => task.status)).toEqual(["succeeded", "failed", "succeeded", "cancelled"]);
  expect(tasks[1]?.error).toBe("b broke");
});

test("the on-failure task runs at the first failure and knows what failed", async () => {
  const onFailureTask = { readableId: "hook", action: "hooked:hook" };
  const worker = await helve.worker({ actions: await diamond("hooked", { onFailureTask }) });
  const runId = await helve.run("hooked");
  await worker.fail(await worker.next(), "a broke");
  const hook = await worker.next();
  expect(hook).toMatchObject({ taskName: "hook", stepRunErrors: '{"a":"a broke"}' });
  const result = helve.ended(runId);
  await worker.succeed(hook);
  expect((await result).tasks.map((task) => task.status)).toEqual([
    "failed",
    "cancelled",
    "cancelled",
    "cancelled",
    "succeeded",
  ]);
});

test("the on-failure task is skipped when nothing fails", async () => {
  const onFailureTask = { readableId: "hook", action: "unhooked:hook" };
  await helve.put({ name: "unhooked", tasks: [{ readableId: "a", action: "unhooked:a" }], onFailureTask });
  const worker = await helve.worker({ actions: ["unhooked:a", "unhooked:hook"] });
  const runId = await helve.run("unhooked");
  await worker.succeed(await worker.next());
  expect(await helve.ended(runId)).toMatchObject({
    status: "succeeded",
    tasks: [{ status: "succeeded" }, { status: "skipped", output: '{"skipped":true}' }],
  });
});

test("cancelling a run ends all of it and tells the worker", async () => {
  const onFailureTask = { readableId: "hook", action: "stop:hook" };
  const worker = await helve.worker({ actions: await diamond("stop", { onFailureTask }) });
  const runId = await helve.run("stop");
  const a = await worker.next();
  const cancelled = await helve.engine.cancel(helve.tenantId, [runId], "enough");
  expect(cancelled).toEqual([1, 2, 3, 4].map((number) => taskIdOf(runId, number)));
  await worker.cancelled();
  expect(worker.cancels[0]?.task.id).toBe(a.id);
  const { status, tasks } = await helve.ended(runId);
  expect(status).toBe("cancelled");
  expect(tasks.map((task) => task.status)).toEqual(["cancelled", "cancelled", "cancelled", "cancelled", "skipped"]);
  expect(await worker.succeed(a)).toBe("late");
  expect(await helve.engine.cancel(helve.tenantId, [runId], "again")).toEqual([]);
});

test("a replayed run runs whole again, with new attempts", async () => {
  const worker = await helve.worker({ actions: await diamond("again") });
  const runId = await helve.run("again");
  await worker.fail(await worker.next());
  expect(await helve.ended(runId)).toMatchObject({ status: "failed" });
  expect(await helve.engine.replay(helve.tenantId, [runId])).toHaveLength(4);
  const again = await worker.next();
  expect(again).toMatchObject({ id: taskIdOf(runId, 1), attempt: 2 });
  await worker.succeed(again);
  await worker.succeed(await worker.next());
  await worker.succeed(await worker.next());
  const result = helve.ended(runId);
  await worker.succeed(await worker.next());
  expect(await result).toMatchObject({ status: "succeeded" });
});

test("a replayed task takes along what depends on it and keeps the rest", async () => {
  const worker = await helve.worker({ actions: await diamond("part") });
  const runId = await helve.run("part");
  for (let i = 0; i < 4; i++) {
    const task = await worker.next();
    await worker.succeed(task, `{"from":"${task.taskName}"}`);
  }
  await helve.ended(runId);
  expect(await helve.engine.replay(helve.tenantId, [taskIdOf(runId, 2)])).toEqual([
    taskIdOf(runId, 2),
    taskIdOf(runId, 4),
  ]);
  await worker.succeed(await worker.next(), '{"from":"b again"}');
  const d = await worker.next();
  expect(JSON.parse(d.parents)).toMatchObject({ a: { from: "a" }, b: { from: "b again" }, c: { from: "c" } });
  const result = helve.ended(runId);
  await worker.succeed(d);
  expect(await result).toMatchObject({ status: "succeeded" });
});

test("a child asked for twice under one key is one run", async () => {
  await helve.put({ name: "child", tasks: [{ readableId: "child", action: "child:run" }] });
  const worker = await helve.worker({ actions: [...(await diamond("parent")), "child:run"] });
  await helve.run("parent", { metadata: '{"team":"red"}' });
  const parentTaskId = (await worker.next()).id;
  const first = await helve.run("child", { parentTaskId, childIndex: 0, childKey: "k" });
  const again = await helve.run("child", { parentTaskId, childIndex: 1, childKey: "k" });
  const other = await helve.run("child", { parentTaskId, childIndex: 1 });
  expect(again).toBe(first);
  expect(other).not.toBe(first);
  const child = await worker.next();
  expect(child).toMatchObject({ parentTaskId, childIndex: 0, childKey: "k" });
  expect(JSON.parse(child.metadata)).toMatchObject({ team: "red", hatchet__parent_step_run_id: parentTaskId });
});

test("children under keys cost one statement together, and of two under one key in a batch there is one", async () => {
  await helve.put({ name: "keyed", tasks: [{ readableId: "c", action: "nobody:keyed" }] });
  const parentTaskId = await helve.run("keyed");
  const ask = (childIndex: number, childKey?: string) => ({
    workflow: "keyed",
    input: "{}",
    metadata: "",
    parentTaskId,
    childIndex,
    childKey,
  });
  const before = helve.db.counters.statements;
  const requests = [ask(0, "a"), ask(1, "b"), ask(2, "a"), ask(3)];
  const [a, b, again, other] = await helve.engine.triggerRuns(helve.tenantId, requests);
  // The parent is looked up for each of them, since no worker here has it; one statement stores, one asks who has the key,
  // and the lease may be renewed meanwhile.
  expect(helve.db.counters.statements - before).toBeLessThanOrEqual(requests.length + 3);
  expect(again).toBe(a);
  expect(new Set([a, b, other]).size).toBe(3);
  const stored = await helve.query<{ id: string }>("select id from task_run where parent_task_id = $1", [parentTaskId]);
  expect(stored.map(({ id }) => id).sort()).toEqual([a, b, other].sort());
});
