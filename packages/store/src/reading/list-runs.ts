import type { Uuid } from "@helve/core";
import type { Db, Statement } from "../db.ts";
import { lastIdOfRun } from "../task-runs/finished-task-runs.ts";
import { filterValues, metadataOfTask, type RunFilter, runConditions, taskConditions } from "./run-filter.ts";
import { finishedRun, finishedTask, type RunRecord, unfinishedRun, unfinishedTask } from "./run-record.ts";

/**
 * Lists of runs and tasks, newest first. Every source is read along its primary key, which ends in the id, no further
 * than the page reaches; then the sources are merged. So a page costs the same on an empty table and on a full one,
 * unless a filter matches little of what it passes.
 *
 * The statements read a parameter that is null as "no filter". Postgres should plan them anew for each call (it does, on
 * connections that leave plan_cache_mode alone, as long as the filters make a difference).
 */
export interface Page {
  limit: number;
  offset: number;
  /** Whether input and output are read. */
  withPayloads: boolean;
}

const LIST_RUNS: Statement = {
  name: "reading_list_runs",
  text: /* sql */ `
  select * from (
    (select ${unfinishedTask("$15::boolean")} from task_run t
      where ${taskConditions("task_run", "runs")} order by t.id desc limit $13::int + $14::int)
    union all
    (select ${finishedTask("$15::boolean")} from task_run_history t
      where ${taskConditions("task_run_history", "runs")} order by t.id desc limit $13::int + $14::int)
    union all
    (select ${unfinishedRun("$15::boolean")} from workflow_run w
      where ${runConditions("workflow_run")} order by w.id desc limit $13::int + $14::int)
    union all
    (select ${finishedRun("$15::boolean")} from workflow_run_history w
      where ${runConditions("workflow_run_history")} order by w.id desc limit $13::int + $14::int)
  ) as run
  order by id desc limit $13::int offset $14::int`,
};

/** Runs: standalone tasks and runs of several tasks, one record each. */
export async function listRuns(db: Db, tenantId: Uuid, filter: RunFilter, page: Page): Promise<RunRecord[]> {
  const values = [...filterValues(tenantId, filter, "runs"), page.limit, page.offset, page.withPayloads];
  return db.query<RunRecord>(LIST_RUNS, values);
}

// A task of a DAG shows its run's metadata, looked up for the page alone.
const LIST_TASKS: Statement = {
  name: "reading_list_tasks",
  text: /* sql */ `
  select t.*, ${metadataOfTask("t")} as "shownMetadata" from (
    select * from (
      (select ${unfinishedTask("$14::boolean")} from task_run t
        where ${taskConditions("task_run", "tasks")} order by t.id desc limit $12::int + $13::int)
      union all
      (select ${finishedTask("$14::boolean")} from task_run_history t
        where ${taskConditions("task_run_history", "tasks")} order by t.id desc limit $12::int + $13::int)
    ) as task
    order by id desc limit $12::int offset $13::int
  ) as t
  order by t.id desc`,
};

/** Tasks, those of DAGs included; the runs of DAGs are left out. */
export async function listTasks(db: Db, tenantId: Uuid, filter: RunFilter, page: Page): Promise<RunRecord[]> {
  const values = [...filterValues(tenantId, filter, "tasks"), page.limit, page.offset, page.withPayloads];
  const rows = await db.query<RunRecord & { shownMetadata: string | null }>(LIST_TASKS, values);
  return rows.map(({ shownMetadata, ...record }) => ({ ...record, metadata: shownMetadata }));
}

const COUNT_RUNS: Statement = {
  name: "reading_count_runs",
  text: /* sql */ `
  select count(*)::int as count from (
    select from (
      (select from task_run t where ${taskConditions("task_run", "runs")} limit $13::int)
      union all
      (select from task_run_history t where ${taskConditions("task_run_history", "runs")} limit $13::int)
      union all
      (select from workflow_run w where ${runConditions("workflow_run")} limit $13::int)
      union all
      (select from workflow_run_history w where ${runConditions("workflow_run_history")} limit $13::int)
    ) as run
    limit $13::int
  ) as counted`,
};

/** How many runs there are, counted no further than `cap`. */
export async function countRuns(db: Db, tenantId: Uuid, filter: RunFilter, cap: number): Promise<number> {
  const rows = await db.query<{ count: number }>(COUNT_RUNS, [...filterValues(tenantId, filter, "runs"), cap]);
  return rows[0]?.count ?? 0;
}

const COUNT_TASKS: Statement = {
  name: "reading_count_tasks",
  text: /* sql */ `
  select count(*)::int as count from (
    select from (
      (select from task_run t where ${taskConditions("task_run", "tasks")} limit $12::int)
      union all
      (select from task_run_history t where ${taskConditions("task_run_history", "tasks")} limit $12::int)
    ) as task
    limit $12::int
  ) as counted`,
};

/** How many tasks there are, counted no further than `cap`. */
export async function countTasks(db: Db, tenantId: Uuid, filter: RunFilter, cap: number): Promise<number> {
  const rows = await db.query<{ count: number }>(COUNT_TASKS, [...filterValues(tenantId, filter, "tasks"), cap]);
  return rows[0]?.count ?? 0;
}

const FIND_RUNS: Statement = {
  name: "reading_find_runs",
  text: /* sql */ `
  select id from (
    (select t.id from task_run t where ${taskConditions("task_run", "runs")} order by t.id desc limit $13::int)
    union all
    (select t.id from task_run_history t where ${taskConditions("task_run_history", "runs")}
      order by t.id desc limit $13::int)
    union all
    (select w.id from workflow_run w where ${runConditions("workflow_run")} order by w.id desc limit $13::int)
    union all
    (select w.id from workflow_run_history w where ${runConditions("workflow_run_history")}
      order by w.id desc limit $13::int)
  ) as run
  order by id desc limit $13::int`,
};

/**
 * Ids of runs, newest first, at most `limit`. To go on, ask again with the last id as `beforeId`: what is stored or ends
 * meanwhile neither repeats an id nor hides one.
 */
export async function findRuns(db: Db, tenantId: Uuid, filter: RunFilter, limit: number): Promise<Uuid[]> {
  const rows = await db.query<{ id: Uuid }>(FIND_RUNS, [...filterValues(tenantId, filter, "runs"), limit]);
  return rows.map((row) => row.id);
}

const LIST_WHOLE_RUNS: Statement = {
  name: "reading_list_whole_runs",
  text: /* sql */ `
  select record.* from unnest($2::uuid[], $3::uuid[]) as r (first, last)
   cross join lateral (
     select ${unfinishedRun("$4::boolean")} from workflow_run w where w.tenant_id = $1 and w.id = r.first
     union all
     select ${finishedRun("$4::boolean")} from workflow_run_history w where w.tenant_id = $1 and w.id = r.first
     union all
     select ${unfinishedTask("$4::boolean")} from task_run t
      where t.tenant_id = $1 and t.id > r.first and t.id <= r.last
     union all
     select ${finishedTask("$4::boolean")} from task_run_history t
      where t.tenant_id = $1 and t.id > r.first and t.id <= r.last
   ) as record
   order by record.id`,
};

/** These runs of several tasks, each followed by its tasks in the order of the definition. */
export async function listWholeRuns(
  db: Db,
  tenantId: Uuid,
  runIds: readonly Uuid[],
  withPayloads: boolean,
): Promise<RunRecord[]> {
  if (runIds.length === 0) return [];
  return db.query<RunRecord>(LIST_WHOLE_RUNS, [tenantId, runIds, runIds.map(lastIdOfRun), withPayloads]);
}
