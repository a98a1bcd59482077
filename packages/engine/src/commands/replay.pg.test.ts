import { taskIdOf } from "@helve/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AssignedTask } from "../api.ts";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";
import type { TestWorker } from "../testing/test-worker.ts";

let cluster: TestCluster;
let helve: TestEngine;

beforeAll(async () => {
  cluster = await testCluster();
  helve = await cluster.start();
});
afterAll(() => cluster.end());

/** Two tasks and one that needs both. */
async function join(name: string): Promise<string[]> {
  const task = (id: string, parents: string[] = []) => ({ readableId: id, action: `${name}:${id}`, parents });
  await helve.put({ name, tasks: [task("a"), task("b"), task("c", ["a", "b"])] });
  return ["a", "b", "c"].map((id) => `${name}:${id}`);
}

/** The two tasks that start; who is sent first is not said. */
async function roots(worker: TestWorker): Promise<[AssignedTask, AssignedTask]> {
  const [one, other] = [await worker.next(), await worker.next()];
  return one.taskName === "a" ? [one, other] : [other, one];
}

async function statuses(runId: string): Promise<string[]> {
  const { tasks } = await helve.engine.getRun(helve.tenantId, runId);
  return tasks.map((task) => task.status);
}

test("a child that still waits, waits for a parent that is replayed once more", async () => {
  const worker = await helve.worker({ actions: await join("anew") });
  const runId = await helve.run("anew");
  const [a, b] = await roots(worker);
  await worker.succeed(a);
  await helve.engine.replay(helve.tenantId, [a.id]);
  await worker.succeed(await worker.next());
  expect(await statuses(runId), "c needs b too").toEqual(["succeeded", "running", "queued"]);
  await worker.succeed(b);
  expect(await worker.next()).toMatchObject({ taskName: "c" });
});

test("a child that is replayed waits for its other parent, which has not ended", async () => {
  const worker = await helve.worker({ actions: await join("other") });
  const runId = await helve.run("other");
  const [a, b] = await roots(worker);
  await worker.fail(a);
  expect(await helve.engine.replay(helve.tenantId, [a.id])).toEqual([taskIdOf(runId, 1), taskIdOf(runId, 3)]);
  await worker.succeed(b);
  expect(await statuses(runId), "c needs a too").toEqual(["running", "succeeded", "queued"]);
  await worker.succeed(await worker.next());
  expect(await worker.next()).toMatchObject({ taskName: "c" });
});

test("a child of two parents that failed stays cancelled when one of them is replayed", async () => {
  const worker = await helve.worker({ actions: await join("both") });
  const runId = await helve.run("both");
  const [a, b] = await roots(worker);
  await worker.fail(a);
  await worker.fail(b);
  expect(await helve.engine.replay(helve.tenantId, [a.id])).toEqual([a.id]);
  const result = helve.ended(runId);
  await worker.succeed(await worker.next());
  expect((await result).tasks.map((task) => task.status)).toEqual(["succeeded", "failed", "cancelled"]);
});

test("a task that the run does not have can be replayed or cancelled without harm", async () => {
  const worker = await helve.worker({ actions: await join("absent") });
  const runId = await helve.run("absent");
  const absent = taskIdOf(runId, 9);
  expect(await helve.engine.cancel(helve.tenantId, [absent], "no such task")).toEqual([]);
  expect(await helve.engine.replay(helve.tenantId, [absent])).toEqual([]);
  await helve.engine.cancel(helve.tenantId, [runId], "enough");
  expect(await helve.engine.replay(helve.tenantId, [absent])).toEqual([]);
  expect(await helve.engine.getRun(helve.tenantId, runId)).toMatchObject({ status: "cancelled", isDone: true });
  expect(worker.cancels).toHaveLength(2);
});
