import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Db, openDatabase } from "../db.ts";
import { openReading } from "./index.ts";
import { type ReadingFixture, readingFixture } from "./reading-fixture.ts";

/**
 * How Postgres carries out lists and look-ups on tables that have grown. Even when it plans a statement once for all, a
 * page must walk the keys from the newest and stop, and a run must be found by its key.
 */
let fixture: ReadingFixture;
const texts = new Map<string, string>();

beforeAll(async () => {
  fixture = await readingFixture();
  const collector: Db = {
    query: async ({ name, text }) => {
      texts.set(name, text);
      return [];
    },
  };
  const reading = openReading(collector);
  const { tenantId } = fixture;
  const page = { limit: 50, offset: 0, withPayloads: false };
  await reading.listRuns(tenantId, {}, page);
  await reading.listTasks(tenantId, {}, page);
  await reading.findRuns(tenantId, {}, 50);
  await reading.getRun(tenantId, tenantId);
  await reading.getTask(tenantId, tenantId);
  await reading.listWholeRuns(tenantId, [tenantId], false);
  await reading.listById(tenantId, [tenantId]);

  const run = (text: string) => fixture.db.query({ name: "", text });
  const id = (n: string) =>
    `(lpad(to_hex((extract(epoch from now()) * 1000)::bigint - ${n}), 12, '0') || '7' || substr(md5(random()::text), 1, 3)
      || 'a' || substr(md5(random()::text), 1, 11) || '0000')::uuid`;
  await run(`insert into task_run_history
      (id, tenant_id, version_id, status, priority, attempt, failures, requeues, created_at, finished_at, input, metadata)
    select ${id("n")}, '${tenantId}', gen_random_uuid(), 'succeeded', 1, 1, 0, 0, now(), now(), '{}', '{}'
      from generate_series(1, 30000) n`);
  await run(`insert into task_run (id, tenant_id, version_id, route_id, status, priority, rank, schedule_timeout_ms,
      execution_timeout_ms, created_at, queued_at, deadline_at, input, metadata)
    select ${id("n")}, '${tenantId}', gen_random_uuid(), 1, 'queued', 1, 3, 60000, 60000, now(), now(),
           now() + interval '1 hour', '{}', '{}'
      from generate_series(1, 30000) n`);
  await run("analyze task_run, task_run_history");
});
afterAll(() => fixture.drop());

/** The plan made once for all values, on connections with or without keyed access. */
async function planOf(name: string, db: Db = fixture.db): Promise<string> {
  const text = `explain (generic_plan, costs off) ${texts.get(name)}`;
  const rows = await db.query<{ "QUERY PLAN": string }>({ name: "", text });
  return rows.map((row) => row["QUERY PLAN"]).join("\n");
}

/** The partition that has the rows; the others are empty, and reading those through is right. */
async function fullPartition(): Promise<string> {
  const text = "select tableoid::regclass::text as name from task_run_history limit 1";
  return (await fixture.db.query<{ name: string }>({ name: "", text }))[0]?.name as string;
}

describe.each(["reading_list_runs", "reading_list_tasks", "reading_find_runs"])("%s", (name) => {
  test("walks both tables of tasks along their keys, newest first", async () => {
    const plan = await planOf(name);
    const partition = await fullPartition();
    expect(plan).toMatch(/Index (Only )?Scan Backward using task_run_pkey on task_run t/);
    expect(plan).toMatch(new RegExp(`Index (Only )?Scan Backward using ${partition}_pkey on ${partition}`));
    expect(plan).not.toMatch(new RegExp(`Seq Scan on (task_run|${partition})\\b`));
  });
});

test.each(["reading_get_run", "reading_get_task", "reading_list_whole_runs", "reading_list_by_id"])(
  "%s finds its rows by key",
  async (name) => {
    const keyed = openDatabase({
      url: fixture.url,
      maxConnections: 1,
      applicationName: "plans",
      keyedAccess: true,
    });
    const plan = await planOf(name, keyed).finally(() => keyed.close());
    expect(plan).not.toMatch(/Seq Scan on (task_run|workflow_run|child_run)/);
  },
);
