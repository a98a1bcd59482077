import type { Database } from "@helve/store";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "./testing/test-engine.ts";

const TASKS = 2500;

let cluster: TestCluster;
let helve: TestEngine;
/** How many tasks each statement was about, by its name. */
const sizes: Record<string, number[]> = {};

function noting(db: Database): Database {
  return {
    ...db,
    query(statement, values = []) {
      const lists = values.filter(Array.isArray).map(({ length }) => length);
      if (lists.length > 0) sizes[statement.name] = [...(sizes[statement.name] ?? []), Math.max(...lists)];
      return db.query(statement, values);
    },
  };
}

beforeAll(async () => {
  cluster = await testCluster();
  helve = await cluster.start({ wrap: noting });
  await helve.put({ name: "work", tasks: [{ readableId: "work", action: "work:run" }] });
});
afterAll(() => cluster.end());

test("however much is in hand, no statement is about more than a thousand tasks", async () => {
  const worker = await helve.worker({ actions: ["work:run"], slots: TASKS });
  const request = { workflow: "work", input: "{}", metadata: "" };
  await helve.engine.triggerRuns(helve.tenantId, new Array(TASKS).fill(request));
  await expect.poll(() => worker.sent.length).toBe(TASKS);
  const started = worker.sent.map(({ id, attempt }) => ({ taskId: id, attempt, outcome: "started" }) as const);
  await helve.engine.report(helve.tenantId, started);
  const sumOf = (name: string) => (sizes[name] ?? []).reduce((sum, size) => sum + size, 0);
  await expect.poll(() => sumOf("mark_started")).toBe(TASKS);
  // A minute passes, and all that is in hand is looked at.
  cluster.clock.wait(60_000);
  await cluster.clock.jump(3000);
  await expect.poll(() => sumOf("get_task_run_states")).toBe(TASKS);

  expect(Math.max(...(sizes.mark_started as number[]), ...(sizes.get_task_run_states as number[]))).toBe(1000);
  await Promise.all(worker.sent.map((task) => worker.succeed(task)));
});
