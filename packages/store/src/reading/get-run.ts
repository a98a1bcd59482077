import { runIdOf, type Uuid } from "@helve/core";
import type { Db, Statement } from "../db.ts";
import { lastIdOfRun } from "../task-runs/finished-task-runs.ts";
import { finishedRun, finishedTask, type RunRecord, unfinishedRun, unfinishedTask } from "./run-record.ts";

/** A record with the number of runs that a task has started under a key. */
export interface DetailedRecord extends RunRecord {
  spawnedChildren: number;
}

// A run and its tasks are neighbours in one id space. One statement, so that they are of one moment.
const GET_RUN: Statement = {
  name: "reading_get_run",
  text: /* sql */ `
  select record.*, (select count(*)::int from child_run c where c.parent_id = record.id) as "spawnedChildren" from (
    select ${unfinishedRun("true")} from workflow_run w where w.tenant_id = $1 and w.id = $2
    union all
    select ${finishedRun("true")} from workflow_run_history w where w.tenant_id = $1 and w.id = $2
    union all
    select ${unfinishedTask("true")} from task_run t where t.tenant_id = $1 and t.id between $2 and $3
    union all
    select ${finishedTask("true")} from task_run_history t where t.tenant_id = $1 and t.id between $2 and $3
  ) as record
  order by record.id`,
};

/**
 * A run and its tasks, by the id of the run or of one of its tasks.
 *
 * @returns the run first, then its tasks in their order; of a standalone task that alone; nothing for an unknown id
 */
export async function getRun(db: Db, tenantId: Uuid, id: Uuid): Promise<DetailedRecord[]> {
  const runId = runIdOf(id);
  const records = await db.query<DetailedRecord>(GET_RUN, [tenantId, runId, lastIdOfRun(runId)]);
  return records.some((record) => record.id === id) ? records : [];
}

const GET_TASK: Statement = {
  name: "reading_get_task",
  text: /* sql */ `
  select record.*, (select count(*)::int from child_run c where c.parent_id = record.id) as "spawnedChildren",
         run.input as "runInput", run.metadata as "runMetadata"
    from (
      select ${unfinishedTask("true")} from task_run t where t.tenant_id = $1 and t.id = $2
      union all
      select ${finishedTask("true")} from task_run_history t where t.tenant_id = $1 and t.id = $2
    ) as record
    left join lateral (
      select w.input, w.metadata from workflow_run w where w.id = $3 and record.input is null
      union all
      select w.input, w.metadata from workflow_run_history w
       where w.tenant_id = $1 and w.id = $3 and record.input is null
    ) as run on true`,
};

/** One task; of a DAG, with the input and metadata of its run. The id of a DAG run is unknown here. */
export async function getTask(db: Db, tenantId: Uuid, id: Uuid): Promise<DetailedRecord | undefined> {
  type Row = DetailedRecord & { runInput: string | null; runMetadata: string | null };
  const [row] = await db.query<Row>(GET_TASK, [tenantId, id, runIdOf(id)]);
  if (!row) return undefined;
  const { runInput, runMetadata, ...record } = row;
  return { ...record, input: record.input ?? runInput, metadata: record.metadata ?? runMetadata };
}

const LIST_BY_ID: Statement = {
  name: "reading_list_by_id",
  text: /* sql */ `
  select record.* from (
    select ${unfinishedRun("false")} from workflow_run w where w.tenant_id = $1 and w.id = any ($2::uuid[])
    union all
    select ${finishedRun("false")} from workflow_run_history w where w.tenant_id = $1 and w.id = any ($2::uuid[])
    union all
    select ${unfinishedTask("false")} from task_run t where t.tenant_id = $1 and t.id = any ($2::uuid[])
    union all
    select ${finishedTask("false")} from task_run_history t where t.tenant_id = $1 and t.id = any ($2::uuid[])
  ) as record
  order by record.id desc`,
};

/** Runs and tasks by id, without payloads, newest first; unknown ids are left out. */
export async function listById(db: Db, tenantId: Uuid, ids: readonly Uuid[]): Promise<RunRecord[]> {
  return ids.length === 0 ? [] : db.query<RunRecord>(LIST_BY_ID, [tenantId, ids]);
}
