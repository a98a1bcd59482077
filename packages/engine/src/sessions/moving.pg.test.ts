import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";

let cluster: TestCluster;
let a: TestEngine;
let b: TestEngine;
const actions = ["work:run"];

beforeEach(async () => {
  cluster = await testCluster();
  a = await cluster.start();
  b = await cluster.start();
  await a.put({ name: "work", tasks: [{ readableId: "work", action: "work:run", retries: 0 }] });
});
afterEach(() => cluster.end());

/** Lets an engine notice that a worker's connections have been closed for a while. */
async function forgets(engine: TestEngine): Promise<void> {
  cluster.clock.wait(2000);
  const sessions = () => Object.values(engine.engine.status().workers).reduce((sum, count) => sum + count, 0);
  await expect.poll(sessions).toBe(0);
}

test("a worker that moves to another replica keeps its task there", async () => {
  const worker = await a.worker({ actions });
  const runId = await a.run("work");
  const task = await worker.next();
  worker.die();
  await worker.listen({ engine: b.engine });
  await forgets(a);
  expect(a.heard.workerLost).toEqual([]);
  const result = b.ended(runId);
  expect(await worker.succeed(task)).toBe("accepted");
  expect(await result).toMatchObject({ status: "succeeded" });
  expect(worker.sent).toHaveLength(1);
});

test("a worker that comes back from another replica brings the task that it was given there", async () => {
  const worker = await a.worker({ actions, slots: 1 });
  worker.die();
  await worker.listen({ engine: b.engine });
  const first = await b.run("work");
  const task = await worker.next();
  worker.die(b.engine);
  await worker.listen();
  const second = await a.run("work");
  await forgets(b);
  expect(worker.sent, "its only slot is taken").toHaveLength(1);
  expect(await worker.succeed(task)).toBe("accepted");
  expect((await worker.next()).id).toBe(second);
  expect(await a.ended(first)).toMatchObject({ status: "succeeded" });
});

test("a task whose receipt was lost with its engine is not taken from the worker that comes back with it", async () => {
  const worker = await a.worker({ actions });
  const runId = await a.run("work");
  const task = await worker.next();
  worker.die();
  await worker.listen({ engine: b.engine });
  await forgets(a);
  cluster.clock.wait(18_000);
  await cluster.clock.jump(3000);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(worker.sent).toHaveLength(1);
  expect(await worker.succeed(task)).toBe("accepted");
  expect(await b.ended(runId)).toMatchObject({ status: "succeeded" });
});

test("a stream that has closed before the database let it open takes the worker from nobody", async () => {
  const worker = await a.worker({ actions });
  const runId = await a.run("work");
  const task = await worker.next();
  const inVain = worker.listen({ engine: b.engine, holding: [], isOpen: () => false });
  await expect(inVain).rejects.toMatchObject({ code: "unavailable" });
  expect(worker.sent).toHaveLength(1);
  await worker.started(task);

  // It is still its first replica that misses it.
  worker.die();
  await forgets(a);
  await expect.poll(() => a.heard.workerLost).toMatchObject([[{ workerId: worker.id, tasks: 1 }]]);
  const other = await b.worker({ actions });
  expect(await other.next()).toMatchObject({ id: runId, attempt: 2 });
});
