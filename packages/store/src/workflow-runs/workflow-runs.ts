import type { Uuid } from "@helve/core";
import { columns, type Db, type Statement } from "../db.ts";

/** The run of a workflow with more than one task. Its tasks are numbered under its id (core/ids.ts). */
export interface NewWorkflowRun {
  id: Uuid;
  tenantId: Uuid;
  versionId: Uuid;
  priority: number;
  /** Tasks that have not ended, the on-failure task included. */
  remaining: number;
  parentTaskId: Uuid | null;
  childIndex: number | null;
  childKey: string | null;
  input: string;
  metadata: string;
}

const INSERT_WORKFLOW_RUNS: Statement = {
  name: "insert_workflow_runs",
  text: /* sql */ `
  insert into workflow_run (
    id, tenant_id, version_id, priority, remaining, parent_task_id, child_index, child_key, input, metadata, created_at)
  select n.*, helve_now()
    from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::int[], $6::uuid[], $7::int[], $8::text[],
                $9::text[], $10::text[]) as n
  on conflict (id) do nothing`,
};

/** Stores workflow runs; their tasks go into the same transaction. */
export async function insertWorkflowRuns(tx: Db, runs: readonly NewWorkflowRun[]): Promise<void> {
  if (runs.length === 0) return;
  await tx.query(
    INSERT_WORKFLOW_RUNS,
    columns(runs, [
      "id",
      "tenantId",
      "versionId",
      "priority",
      "remaining",
      "parentTaskId",
      "childIndex",
      "childKey",
      "input",
      "metadata",
    ]),
  );
}

/** An unfinished workflow run and how its ended tasks have ended so far. */
export interface UnfinishedWorkflowRun extends NewWorkflowRun {
  failed: number;
  cancelled: number;
}

const COLUMNS = /* sql */ `
  id, tenant_id as "tenantId", version_id as "versionId", priority, remaining, failed, cancelled,
  parent_task_id as "parentTaskId", child_index as "childIndex", child_key as "childKey", input, metadata`;

const LOCK_WORKFLOW_RUNS: Statement = {
  name: "lock_workflow_runs",
  text: `select ${COLUMNS} from workflow_run where id = any($1::uuid[]) order by id for update`,
};

/** The unfinished ones among these ids, locked until the transaction ends. */
export async function lockWorkflowRuns(tx: Db, ids: readonly Uuid[]): Promise<UnfinishedWorkflowRun[]> {
  return ids.length === 0 ? [] : tx.query<UnfinishedWorkflowRun>(LOCK_WORKFLOW_RUNS, [ids]);
}

const GET_WORKFLOW_RUNS: Statement = {
  name: "get_workflow_runs",
  text: `select ${COLUMNS} from workflow_run where id = any($1::uuid[])`,
};

/** The unfinished ones among these ids. */
export async function getUnfinishedWorkflowRuns(db: Db, ids: readonly Uuid[]): Promise<UnfinishedWorkflowRun[]> {
  return ids.length === 0 ? [] : db.query<UnfinishedWorkflowRun>(GET_WORKFLOW_RUNS, [ids]);
}

/** What belongs to every task of a run, but for the input, which may be large. */
export type WorkflowRunContext = Pick<NewWorkflowRun, "id" | "parentTaskId" | "childIndex" | "childKey" | "metadata">;

const GET_CONTEXTS: Statement = {
  name: "get_workflow_run_contexts",
  text: /* sql */ `
  select id, parent_task_id as "parentTaskId", child_index as "childIndex", child_key as "childKey", metadata
    from workflow_run where id = any($1::uuid[])`,
};

/** Of the unfinished ones among these ids. */
export async function getWorkflowRunContexts(db: Db, ids: readonly Uuid[]): Promise<WorkflowRunContext[]> {
  return ids.length === 0 ? [] : db.query<WorkflowRunContext>(GET_CONTEXTS, [ids]);
}

/** What the ends of some of its tasks make of a run. `status` is set when no task remains. */
export interface RunProgress {
  id: Uuid;
  remaining: number;
  failed: number;
  cancelled: number;
  status: "succeeded" | "failed" | "cancelled" | null;
}

const UPDATE_WORKFLOW_RUNS: Statement = {
  name: "update_workflow_runs",
  text: /* sql */ `
  update workflow_run w set remaining = p.remaining, failed = p.failed, cancelled = p.cancelled
    from unnest($1::uuid[], $2::int[], $3::int[], $4::int[]) as p (id, remaining, failed, cancelled)
   where w.id = p.id`,
};

const END_WORKFLOW_RUNS: Statement = {
  name: "end_workflow_runs",
  text: /* sql */ `
  with ended as (
    delete from workflow_run w using unnest($1::uuid[], $2::task_status[]) as p (id, status)
     where w.id = p.id
    returning w.*, p.status
  )
  insert into workflow_run_history (
    id, tenant_id, version_id, priority, status, created_at, finished_at, parent_task_id, child_index, child_key, input,
    metadata)
  select id, tenant_id, version_id, priority, status, created_at, helve_now(), parent_task_id, child_index, child_key,
         input, metadata
    from ended`,
};

/** Records the progress of locked runs; those without remaining tasks move to history. */
export async function recordProgress(tx: Db, progress: readonly RunProgress[]): Promise<void> {
  const going = progress.filter((run) => run.status === null);
  const ended = progress.filter((run) => run.status !== null);
  await Promise.all([
    going.length > 0 && tx.query(UPDATE_WORKFLOW_RUNS, columns(going, ["id", "remaining", "failed", "cancelled"])),
    ended.length > 0 && tx.query(END_WORKFLOW_RUNS, columns(ended, ["id", "status"])),
  ]);
}

const REOPEN_WORKFLOW_RUNS: Statement = {
  name: "reopen_workflow_runs",
  text: /* sql */ `
  with reopened as (
    delete from workflow_run_history where tenant_id = $1 and id = any($2::uuid[]) returning *
  )
  insert into workflow_run (
    id, tenant_id, version_id, priority, remaining, failed, cancelled, created_at, parent_task_id, child_index, child_key,
    input, metadata)
  select r.id, r.tenant_id, r.version_id, r.priority, 0,
         (select count(*) from task_run_history h
           where h.tenant_id = $1 and h.id between r.id and helve_last_id_of_run(r.id) and h.status = 'failed'),
         (select count(*) from task_run_history h
           where h.tenant_id = $1 and h.id between r.id and helve_last_id_of_run(r.id) and h.status = 'cancelled'),
         r.created_at, r.parent_task_id, r.child_index, r.child_key, r.input, r.metadata
    from reopened r`,
};

/** Takes ended runs back from history, with no task remaining yet. */
export async function reopenWorkflowRuns(tx: Db, tenantId: Uuid, ids: readonly Uuid[]): Promise<void> {
  if (ids.length > 0) await tx.query(REOPEN_WORKFLOW_RUNS, [tenantId, ids]);
}
