import type { Uuid } from "@helve/core";
import { columns, type Db, type Statement } from "../db.ts";
import type { NewTaskRun } from "./insert-task-runs.ts";

// The delete and the select see the same moment, so the select leaves out what the delete removes.
const KEEP_FIRST_TASK_RUNS: Statement = {
  name: "keep_first_task_runs",
  text: /* sql */ `
  with reborn as (
    delete from task_run t
     using unnest($1::uuid[], $2::uuid[]) as born (id, tenant_id), task_run_history h
     where t.id = born.id and h.tenant_id = born.tenant_id and h.id = born.id
    returning t.id
  )
  select t.id
    from unnest($1::uuid[], $3::uuid[]) as born (id, worker_id) join task_run t on t.id = born.id
   where t.attempt = case when born.worker_id is null then 0 else 1 end
     and t.worker_id is not distinct from born.worker_id
     -- Claimed by the same replica for the same worker, it was assigned later than it was made.
     and (born.worker_id is null or t.assigned_at = t.created_at)
     and not exists (select from reborn where reborn.id = t.id)`,
};

/**
 * The second half of an insert that may have been carried out before, its answer lost: what was stored then may have
 * finished since, and has been born again by the insert just now. Such rows are removed. Must be in the transaction of the
 * insert, after it: its own statement sees whatever made the insert find the id free.
 *
 * @returns the ids that stand as they were born; the others have gone on
 */
export async function keepFirstTaskRuns(tx: Db, runs: readonly NewTaskRun[]): Promise<Set<Uuid>> {
  const rows = await tx.query<{ id: Uuid }>(KEEP_FIRST_TASK_RUNS, columns(runs, ["id", "tenantId", "workerId"]));
  return new Set(rows.map((row) => row.id));
}

const KEEP_FIRST_WORKFLOW_RUNS: Statement = {
  name: "keep_first_workflow_runs",
  text: /* sql */ `
  delete from workflow_run w
   using unnest($1::uuid[], $2::uuid[]) as born (id, tenant_id), workflow_run_history h
   where w.id = born.id and h.tenant_id = born.tenant_id and h.id = born.id`,
};

/** The same for runs of several tasks. */
export async function keepFirstWorkflowRuns(tx: Db, runs: readonly { id: Uuid; tenantId: Uuid }[]): Promise<void> {
  if (runs.length > 0) await tx.query(KEEP_FIRST_WORKFLOW_RUNS, columns(runs, ["id", "tenantId"]));
}
