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

const NOTE_ASKED_AGAIN: Statement = {
  name: "note_asked_again",
  text: /* sql */ `
  insert into asked_again (task_id, asked_at)
  select id, helve_now() from unnest($1::uuid[]) as n (id) order by id
  on conflict (task_id) do nothing`,
};

/**
 * Remembers that these task runs were asked for again: the first request, should it come to another replica only now, stores
 * nothing. Must be in the transaction of the insert, after it, which would leave them out as well.
 */
export async function noteAskedAgain(tx: Db, ids: readonly Uuid[]): Promise<void> {
  if (ids.length > 0) await tx.query(NOTE_ASKED_AGAIN, [ids]);
}

/** A request that lies in a link or in an engine that stands still does so for seconds; its connection is given up then. */
const FORGET_ASKED_AGAIN: Statement = {
  name: "forget_asked_again",
  text: `delete from asked_again where asked_at < helve_now() - interval '10 minutes'`,
};

/** Forgets what was asked for again long ago: as long as anything is remembered, every insert looks for each of its tasks there. */
export async function forgetAskedAgain(db: Db): Promise<void> {
  await db.query(FORGET_ASKED_AGAIN);
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
