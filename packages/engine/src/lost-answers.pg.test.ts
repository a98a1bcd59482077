import { taskIdOf } from "@helve/core";
import type { Database } from "@helve/store";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FaultyDatabase } from "./testing/faulty-database.ts";
import { type TestCluster, type TestEngine, testCluster } from "./testing/test-engine.ts";
import type { TestWorker } from "./testing/test-worker.ts";

let cluster: TestCluster;
let faulty: FaultyDatabase;
/** Its connections break. */
let a: TestEngine;
let b: TestEngine;

beforeEach(async () => {
  cluster = await testCluster();
  a = await cluster.start({
    wrap: (db: Database) => {
      faulty = new FaultyDatabase(db);
      return faulty;
    },
  });
  b = await cluster.start();
  const task = (id: string, parents: string[] = []) => ({ readableId: id, action: `work:${id}`, parents });
  await a.put({ name: "plain", tasks: [task("plain")] });
  await a.put({ name: "dag", tasks: [task("a"), task("b", ["a"])] });
});
afterEach(() => cluster.end());

const actions = ["work:plain", "work:a", "work:b"];

/** The other replica finds what stands in line and its worker does the first of it, before the first one learns anything. */
async function doesOneTask(worker: TestWorker): Promise<void> {
  await cluster.clock.jump(3000);
  await worker.succeed(await worker.next());
}

test("a run that is stored, done, and stored again because the answer was lost, is done once", async () => {
  const worker = await b.worker({ actions });
  faulty.failAt("insert_task_runs", "lost after", { isLasting: false, meanwhile: () => doesOneTask(worker) });
  const runId = await a.run("plain");
  expect(faulty.hasFailed).toBe(true);
  expect(await a.ended(runId)).toMatchObject({ status: "succeeded" });
  expect(await a.query("select from task_run")).toEqual([]);
  expect(worker.sent).toHaveLength(1);
});

test("so is a run of several tasks that has got half-way", async () => {
  const worker = await b.worker({ actions });
  faulty.failAt("commit", "lost after", { isLasting: false, meanwhile: () => doesOneTask(worker) });
  const runId = await a.run("dag");
  const second = await worker.next();
  expect(second.id).toBe(taskIdOf(runId, 2));
  const result = a.ended(runId);
  await worker.succeed(second);
  expect(await result).toMatchObject({ status: "succeeded" });
  expect(worker.sent).toHaveLength(2);
});

test("and one that has come to its end", async () => {
  const worker = await b.worker({ actions });
  faulty.failAt("commit", "lost after", {
    isLasting: false,
    meanwhile: async () => {
      await doesOneTask(worker);
      await worker.succeed(await worker.next());
    },
  });
  const runId = await a.run("dag");
  expect(await a.ended(runId)).toMatchObject({ status: "succeeded" });
  expect(await a.query("select from task_run union all select from workflow_run")).toEqual([]);
});

test("a task that is given out elsewhere before its birth is confirmed is not sent a second time", async () => {
  const here = await a.worker({ actions });
  const there = await b.worker({ actions });
  const warmUp = await a.run("plain");
  await (here.sent.length > 0 ? here.succeed(await here.next()) : there.succeed(await there.next()));
  await a.ended(warmUp);
  const sentBefore = here.sent.length + there.sent.length;
  faulty.failAt("insert_task_runs", "lost after", {
    isLasting: false,
    meanwhile: async () => {
      // As if its worker had been lost: it goes back to the line and to the other worker.
      const [row] = await b.query<{ id: string }>("select id from task_run");
      await b.engine.report(b.tenantId, [{ taskId: row?.id as string, attempt: null, outcome: "returned" }]);
    },
  });
  const runId = await a.run("plain");
  await expect.poll(() => here.sent.length + there.sent.length).toBe(sentBefore + 1);
  const worker = there.sent.at(-1)?.id === runId ? there : here;
  const task = worker.sent.at(-1);
  expect(await worker.succeed(task as never)).toBe("accepted");
  expect(await a.ended(runId)).toMatchObject({ status: "succeeded" });
});

test("the end of a run whose confirmation was lost is told to those who ask later", async () => {
  const worker = await a.worker({ actions });
  const runId = await a.run("plain");
  const task = await worker.next();
  faulty.failAt("finish_task_runs", "lost after", { isLasting: false });
  expect(await worker.succeed(task)).toBe("accepted");
  expect(faulty.hasFailed).toBe(true);
  const result = a.ended(runId);
  await cluster.clock.jump(3000);
  expect(await result).toMatchObject({ status: "succeeded" });
  const slots = await a.run("plain");
  expect((await worker.next()).id).toBe(slots);
});

test("a trigger or a registration on a connection that had broken unseen is carried out on the next", async () => {
  const worker = await a.worker({ actions });
  // Registered elsewhere, so that this replica has to read it before it can store a run.
  await b.put({ name: "elsewhere", tasks: [{ readableId: "plain", action: "work:plain" }] });
  faulty.failAt("get_current_version", "lost before", { isLasting: false });
  const runId = await a.run("elsewhere");
  expect(faulty.failedAt).toBe("get_current_version");
  expect((await worker.next()).id).toBe(runId);
  faulty.failAt("commit", "lost before", { isLasting: false });
  await a.put({ name: "again", tasks: [{ readableId: "plain", action: "work:plain" }] });
  expect(faulty.failedAt).toBe("commit");
});
