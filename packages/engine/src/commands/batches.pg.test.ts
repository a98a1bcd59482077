import { taskIdOf } from "@helve/core";
import type { Database } from "@helve/store";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";

let cluster: TestCluster;
let helve: TestEngine;
/** Bytes of the largest list of texts in any statement. */
let largest = 0;

function measuring(db: Database): Database {
  return {
    ...db,
    query(statement, values = []) {
      for (const value of values) if (Buffer.isBuffer(value)) largest = Math.max(largest, value.length);
      return db.query(statement, values);
    },
  };
}

beforeAll(async () => {
  cluster = await testCluster();
  helve = await cluster.start({ wrap: measuring });
});
afterAll(() => cluster.end());

test("a cancel that shares a batch with a failure that would be retried ends the run", async () => {
  await helve.put({ name: "retried", tasks: [{ readableId: "a", action: "retried:a", retries: 3 }] });
  const worker = await helve.worker({ actions: ["retried:a"] });
  const runId = await helve.run("retried");
  const failing = worker.fail(await worker.next());
  const cancelling = helve.engine.cancel(helve.tenantId, [runId], "enough");
  expect(await failing).toBe("accepted");
  expect(await cancelling).toEqual([runId]);
  expect(await helve.ended(runId)).toMatchObject({ status: "cancelled" });
  expect(await helve.events(runId)).toEqual([
    "queued 1",
    "assigned 1",
    "started 1",
    "failed 1",
    "retrying 2",
    "cancelled 1",
  ]);
});

test("a cancel that shares a batch with the failure that calls the on-failure task cancels that one too", async () => {
  const onFailureTask = { readableId: "hook", action: "hooked:hook" };
  await helve.put({ name: "hooked", tasks: [{ readableId: "a", action: "hooked:a" }], onFailureTask });
  const worker = await helve.worker({ actions: ["hooked:a", "hooked:hook"] });
  const runId = await helve.run("hooked");
  const failing = worker.fail(await worker.next());
  const cancelling = helve.engine.cancel(helve.tenantId, [runId], "enough");
  await failing;
  expect(await cancelling).toEqual([taskIdOf(runId, 2)]);
  const { status, tasks } = await helve.ended(runId);
  expect([status, ...tasks.map((task) => task.status)]).toEqual(["failed", "failed", "cancelled"]);
  expect(worker.sent).toHaveLength(1);
});

test("a late report that shares a batch with that of the attempt which runs does not stand in its way", async () => {
  await helve.put({ name: "twice", tasks: [{ readableId: "a", action: "twice:a", retries: 1 }] });
  const worker = await helve.worker({ actions: ["twice:a"] });
  const runId = await helve.run("twice");
  await worker.fail(await worker.next());
  await worker.next();
  const report = (attempt: number) => ({ taskId: runId, attempt, outcome: "succeeded", output: `${attempt}` }) as const;
  const answers = helve.engine.report(helve.tenantId, [report(1), report(2), report(3)]);
  expect(await answers).toEqual(["late", "accepted", "late"]);
  expect(await helve.ended(runId)).toMatchObject({ status: "succeeded", tasks: [{ output: "2" }] });
});

test("large inputs and outputs are written in several statements", async () => {
  const MiB = 2 ** 20;
  await helve.put({ name: "large", tasks: [{ readableId: "a", action: "large:a" }] });
  const text = JSON.stringify("x".repeat(MiB));
  await Promise.all(Array.from({ length: 30 }, () => helve.run("large", { input: text })));
  expect(largest).toBeGreaterThan(MiB);
  expect(largest).toBeLessThan(10 * MiB);

  largest = 0;
  const worker = await helve.worker({ actions: ["large:a"], slots: 30 });
  await expect.poll(() => worker.sent.length, { timeout: 10_000 }).toBe(30);
  await Promise.all(worker.sent.map((task) => worker.report(task, { outcome: "succeeded", output: text })));
  expect(largest).toBeGreaterThan(MiB);
  expect(largest).toBeLessThan(10 * MiB);
});
