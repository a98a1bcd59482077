import type { Uuid } from "@helve/core";
import { columns, type Db } from "../db.ts";
import { ownedStatement, type ReplicaId } from "../replicas/owner.ts";

/** A standalone task run has succeeded. */
export interface Success {
  id: Uuid;
  tenantId: Uuid;
  /** Null: whichever attempt is running. */
  attempt: number | null;
  output: string;
  /** When its code began, ms since 1970, if the worker said so and it is not stored yet. */
  startedAtMs: number | null;
}

/** The columns that a run keeps when it moves from `task_run t` to history, in one order for both statements. */
export const KEPT_COLUMNS = [
  "id",
  "tenant_id",
  "version_id",
  "route_id",
  "priority",
  "attempt",
  "failures",
  "requeues",
  "worker_id",
  "created_at",
  "queued_at",
  "assigned_at",
  "parent_task_id",
  "child_index",
  "child_key",
  "input",
  "metadata",
] as const;

// What the report brings travels through the delete, so that the two halves need no second join.
const FINISH_TASK_RUNS = ownedStatement(
  "finish_task_runs",
  /* sql */ `
  finished as (
    delete from task_run t
     using owner, unnest($2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::double precision[])
           as report (id, tenant_id, attempt, output, started_ms)
     where t.id = report.id and t.tenant_id = report.tenant_id and t.status = 'assigned'
       and t.attempt = coalesce(report.attempt, t.attempt)
    returning t.*, report.output, coalesce(t.started_at, to_timestamp(report.started_ms / 1000)) as began_at
  )
  insert into task_run_history (${KEPT_COLUMNS.join(", ")}, status, output, started_at, finished_at)
  select ${KEPT_COLUMNS.join(", ")}, 'succeeded', output, began_at, helve_now() from finished
  returning id, attempt, worker_id as "workerId"`,
);

/**
 * Ends standalone task runs that succeeded and moves them to history. A report under another attempt than the one that is
 * assigned, or from a fenced replica, changes nothing.
 *
 * @param successes an id may stand there once
 * @returns what was ended; the others were late or unknown
 */
export async function finishTaskRuns(
  db: Db,
  replicaId: ReplicaId,
  successes: readonly Success[],
): Promise<{ id: Uuid; attempt: number; workerId: Uuid }[]> {
  return db.query(FINISH_TASK_RUNS, [
    replicaId,
    ...columns(successes, ["id", "tenantId", "attempt", "output", "startedAtMs"]),
  ]);
}
