import type { Database } from "@helve/store";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";
import type { TestWorker } from "../testing/test-worker.ts";

const WORKERS = 300;
const SLOTS = 4;

let cluster: TestCluster;
/** Statements of all engines, and how many were under way at most. */
let statements: string[];
let underWay: number;
let mostUnderWay: number;

beforeEach(async () => {
  cluster = await testCluster();
  [statements, underWay, mostUnderWay] = [[], 0, 0];
});
afterEach(() => cluster.end());

function counting(db: Database): Database {
  return {
    ...db,
    async query(statement, values) {
      statements.push(statement.name);
      mostUnderWay = Math.max(mostUnderWay, ++underWay);
      return db.query<never>(statement, values).finally(() => underWay--);
    },
  };
}

async function startEngine(): Promise<TestEngine> {
  const engine = await cluster.start({ wrap: counting, isAlone: true });
  await engine.put({ name: "work", tasks: [{ readableId: "work", action: "work:run" }] });
  await engine.put({ name: "two", tasks: [{ readableId: "a", action: "work:run" }] });
  statements = [];
  mostUnderWay = 0;
  return engine;
}

const times = (name: string) => statements.filter((one) => one === name).length;

test("workers that come, come back and go together share statements and a few connections", async () => {
  const first = await startEngine();
  const workers = await Promise.all(
    Array.from({ length: WORKERS }, (_, n) => first.worker({ actions: ["work:run"], slots: SLOTS, name: `w${n}` })),
  );
  expect(times("insert_workers")).toBeLessThanOrEqual(3);
  expect(times("open_worker_sessions")).toBeLessThanOrEqual(20);
  expect(mostUnderWay).toBeLessThanOrEqual(5);
  const request = { workflow: "work", input: "{}", metadata: '{"kept":1}' };
  await first.engine.triggerRuns(first.tenantId, new Array(WORKERS * SLOTS).fill(request));
  await expect.poll(() => workers.every((worker) => worker.sent.length === SLOTS)).toBe(true);
  await first.stop();

  const second = await startEngine();
  const streams = await Promise.all(workers.map((worker) => worker.listen({ engine: second.engine })));
  expect(times("open_worker_sessions")).toBeLessThanOrEqual(3);
  expect(times("list_assigned_task_runs")).toBeLessThanOrEqual(4);
  expect(mostUnderWay).toBeLessThanOrEqual(4);
  expect(second.engine.usedSlots(workers.map(({ id }) => id))).toEqual(
    new Map(workers.map(({ id }) => [id, { default: SLOTS }])),
  );
  await reportAll(second, workers);
  expect(await second.query("select id from task_run")).toEqual([]);

  statements = [];
  for (const stream of streams) stream.closed("goodbye");
  const left = () => second.query("select id from worker where is_listening");
  await expect.poll(left).toEqual([]);
  expect(times("close_worker_sessions")).toBeLessThanOrEqual(3);
});

async function reportAll({ engine, tenantId }: TestEngine, workers: readonly TestWorker[]): Promise<void> {
  const reports = workers.flatMap((worker) =>
    worker.sent.map(({ id, attempt }) => ({ taskId: id, attempt, outcome: "succeeded", output: "{}" }) as const),
  );
  expect(new Set(await engine.report(tenantId, reports))).toEqual(new Set(["accepted"]));
}
