import { afterAll, beforeAll, expect, test } from "vitest";
import { strayTask } from "./testing/stray-task.ts";
import { type TestCluster, type TestEngine, testCluster } from "./testing/test-engine.ts";

let cluster: TestCluster;
let helve: TestEngine;

beforeAll(async () => {
  cluster = await testCluster();
  helve = await cluster.start();
  await helve.put({ name: "work", tasks: [{ readableId: "work", action: "work:run", retries: 1 }] });
});
afterAll(() => cluster.end());

/** A minute passes, and another look. */
async function doubt(): Promise<void> {
  cluster.clock.wait(60_000);
  await cluster.clock.jump(3000);
}

test("what was given to a worker that has gone since, and was never sent, goes to another", async () => {
  const gone = await helve.worker({ actions: ["work:run"] });
  gone.die();
  cluster.clock.wait(2000);
  const workers = () => Object.values(helve.engine.status().workers).reduce((sum, count) => sum + count, 0);
  await expect.poll(workers).toBe(0);
  const id = await strayTask(helve, gone.id);
  const other = await helve.worker({ actions: ["work:run"] });
  await expect.poll(() => doubt().then(() => other.sent.length)).toBe(1);
  const task = await other.next();
  expect(task).toMatchObject({ id, attempt: 2 });
  expect(await other.succeed(task)).toBe("accepted");
  expect(await helve.ended(id)).toMatchObject({ status: "succeeded" });
  other.die();
});

test("what is in a worker's hands and was never sent is found within a minute", async () => {
  const worker = await helve.worker({ actions: ["work:run"] });
  const id = await strayTask(helve, worker.id);
  await expect.poll(() => doubt().then(() => worker.sent.length)).toBe(1);
  const task = await worker.next();
  expect(task).toMatchObject({ id, attempt: 2 });
  expect(await worker.succeed(task)).toBe("accepted");
  worker.die();
});

test("what is in the hands of a worker that nobody keeps ends with its execution timeout", async () => {
  const gone = await strayTask(helve, "01900000-0000-7000-8000-000000000000", "-1 minute");
  await doubt();
  const worker = await helve.worker({ actions: ["work:run"] });
  const task = await worker.next();
  expect(task).toMatchObject({ id: gone, attempt: 2 });
  expect(await helve.events(gone)).toContain("timed_out 1");
  expect(await worker.succeed(task)).toBe("accepted");
});
