import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Database, type Db, openDatabase } from "../db.ts";
import { type FreshDatabase, freshDatabase } from "../testing/index.ts";
import { claimTaskRuns } from "./claim-task-runs.ts";
import { finishTaskRuns } from "./finish-task-runs.ts";
import { insertTaskRuns } from "./insert-task-runs.ts";
import { endTaskRuns, lockTaskRuns, readyTaskRuns, requeueTaskRuns } from "./settle-task-runs.ts";

/**
 * How Postgres carries out the statements of the hot path. A plan that reads a whole table, or goes through two lists for
 * each other, works well in every other test and is a hundred times too slow under load.
 */
let database: FreshDatabase;
let db: Database;

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url, maxConnections: 1, applicationName: "plans", keyedAccess: true });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

/** The texts of the statements, as their functions send them. */
const texts = new Map<string, string>();
const collector: Db = {
  query: async ({ name, text }) => {
    texts.set(name, text);
    return [];
  },
};

beforeAll(async () => {
  const id = "01900000-0000-7000-8000-000000000000";
  const one = { id, tenantId: id, attempt: 1, output: "", startedAtMs: null };
  await finishTaskRuns(collector, 1, [one]);
  await claimTaskRuns(collector, 1, [{ routeId: 1, tenantId: id, workerIds: [id] }]);
  await insertTaskRuns(collector, 1, [], []).catch(() => {});
  await lockTaskRuns(collector, [id]);
  await endTaskRuns(collector, [{ id, status: "failed", output: null, error: "", startedAtMs: null }]);
  await requeueTaskRuns(collector, [{ id, status: "queued", failures: 0, requeues: 0, delayMs: 0 }]);
  await readyTaskRuns(collector, [
    { id, routeId: 1, pendingParents: 0, parentsBytes: 0, status: "queued", workerId: null },
  ]);
});

async function planOf(name: string): Promise<string> {
  const rows = await run<{ "QUERY PLAN": string }>(`explain (generic_plan, costs off) ${texts.get(name)}`);
  return rows.map((row) => row["QUERY PLAN"]).join("\n");
}

const run = <Row extends object>(text: string) => db.query<Row>({ name: "", text });

const fill = (rows: number) => /* sql */ `
  insert into task_run (id, tenant_id, version_id, route_id, status, priority, rank, schedule_timeout_ms,
    execution_timeout_ms, worker_id, attempt, created_at, queued_at, deadline_at, input, metadata)
  select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), n % 5, case when n % 3 = 0 then 'assigned' else 'queued' end::task_status,
    1, 3, 60000, 60000, case when n % 3 = 0 then gen_random_uuid() end, 1, now(), now(), now() + interval '1 minute', '{}', '{}'
  from generate_series(1, ${rows}) n`;

describe.each([
  { size: "empty", rows: 0, analyse: false },
  { size: "small", rows: 200, analyse: true },
  { size: "large", rows: 50_000, analyse: true },
  { size: "large and never analysed", rows: 50_000, analyse: false },
])("on a table that is $size", ({ rows, analyse }) => {
  beforeAll(async () => {
    await run("truncate task_run");
    await run("delete from pg_statistic where starelid = 'task_run'::regclass");
    if (rows > 0) await run(fill(rows));
    if (analyse) await run("analyze task_run");
  });

  test("finishing finds each row by its key", async () => {
    const plan = await planOf("finish_task_runs");
    expect(plan).toMatch(/Index Scan using task_run_pkey on task_run t/);
    expect(plan).not.toMatch(/Seq Scan on task_run/);
  });

  test("claiming walks the line in its order and stops", async () => {
    const plan = await planOf("claim_task_runs");
    // No sort between the index and the limits: only what is taken is read, and no rank that is not needed.
    expect(plan).toMatch(/Limit\s+->\s+Nested Loop\s+->\s+Function Scan on generate_series/);
    expect(plan).toMatch(
      /Limit\s[^>]*->\s+(?:Result\s+->\s+)?LockRows\s+->\s+Index Scan using task_run_line on task_run/,
    );
    expect(plan).toMatch(/Index Cond: \(\(route_id = w.route_id\) AND \(rank = r.rank\) AND \(age >= /);
    expect(plan).toMatch(/Index Scan using task_run_pkey on task_run t/);
    expect(plan).not.toMatch(/Seq Scan on task_run/);
  });

  test("children look up the keys that they were first under, once for all", async () => {
    expect(await planOf("insert_child_task_runs")).toMatch(/Filter: .*hashed SubPlan/);
  });

  test("locking finds each row by its key", async () => {
    const plan = await planOf("lock_task_runs");
    expect(plan).toMatch(/Index Scan (using|on) task_run_pkey/);
    expect(plan).not.toMatch(/Seq Scan on task_run/);
  });

  test.each(["end_task_runs", "requeue_task_runs", "ready_task_runs"])("%s finds each row by its key", async (name) => {
    const plan = await planOf(name);
    expect(plan).toMatch(/Index Scan using task_run_pkey on task_run t/);
    expect(plan).not.toMatch(/Seq Scan on task_run/);
  });
});
