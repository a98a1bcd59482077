import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";

const HOUR_MS = 3_600_000;

let cluster: TestCluster;
let helve: TestEngine;

beforeEach(async () => {
  cluster = await testCluster();
  helve = await cluster.start();
  const options = { timeout: "30m", scheduleTimeout: "2h" };
  await helve.put({ name: "work", tasks: [{ readableId: "work", action: "work:run", ...options }] });
});
afterEach(() => cluster.end());

test.each([HOUR_MS, -HOUR_MS])("a worker is served when the database's clock is %d ms off", async (offMs) => {
  await cluster.clock.jump(offMs);
  const worker = await helve.worker({ actions: ["work:run"] });
  await worker.listen({ isItsOwnHeartbeat: false });
  const runId = await helve.run("work");
  await worker.succeed(await worker.next());
  expect(await helve.ended(runId)).toMatchObject({ status: "succeeded" });
});

test("a clock that is set forward ends what is due, and nobody looks silent for it", async () => {
  const worker = await helve.worker({ actions: ["work:run"], slots: 1 });
  await worker.listen({ isItsOwnHeartbeat: false });
  const runId = await helve.run("work");
  const waiting = await helve.run("work");
  const task = await worker.next();
  await cluster.clock.jump(HOUR_MS / 6);
  await cluster.clock.jump(HOUR_MS / 2);
  expect(await helve.ended(runId)).toMatchObject({
    status: "failed",
    tasks: [{ error: "Task exceeded timeout of 30m0s" }],
  });
  await worker.report(task, { outcome: "ended" });
  await worker.succeed(await worker.next());
  expect(await helve.ended(waiting)).toMatchObject({ status: "succeeded" });
  expect(helve.heard).toMatchObject({ workerLost: [], workerQuarantined: [] });
});

test("a clock that is set back does not hold up what comes after", async () => {
  const worker = await helve.worker({ actions: ["work:run"] });
  await helve.run("work");
  await worker.succeed(await worker.next());
  await cluster.clock.jump(-HOUR_MS);
  const runId = await helve.run("work");
  await worker.next();
  await cluster.clock.jump(HOUR_MS / 2);
  expect(await helve.ended(runId)).toMatchObject({ status: "failed" });
});
