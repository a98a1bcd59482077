import { openDatabase } from "@helve/store";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";

let cluster: TestCluster;
let helve: TestEngine;
const actions = ["work:run"];

beforeEach(async () => {
  cluster = await testCluster();
  helve = await cluster.start();
  await helve.put({ name: "work", tasks: [{ readableId: "work", action: "work:run" }] });
});
afterEach(() => cluster.end());

test("a sign of life that comes while the verdict on the silence is written keeps the worker out of quarantine", async () => {
  const worker = await helve.worker({ actions });
  const runId = await helve.run("work");
  const task = await worker.next();
  const other = openDatabase({ url: cluster.url, maxConnections: 1, applicationName: "holds the row" });
  await other.transaction(async (tx) => {
    await tx.query({ name: "", text: "select from task_run where id = $1 for update" }, [runId]);
    cluster.clock.wait(11_000);
    await cluster.clock.jump(11_000);
    await expect.poll(() => waitingForLocks()).toBe(1);
    await worker.started(task);
  });
  await other.close();
  const again = await worker.next();
  expect(again).toMatchObject({ id: runId, attempt: 2 });
  expect(helve.heard.workerQuarantined).toEqual([]);
  await worker.succeed(again);
});

async function waitingForLocks(): Promise<number> {
  const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  return (await helve.query(waiting)).length;
}
