import type { Uuid } from "@helve/core";
import { kindsOf, plainArray, textArray } from "../array-parameters.ts";
import type { Db } from "../db.ts";
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

// What the report brings travels through the delete, so that the two halves need no second join. Whose it is and which
// attempt are mostly the same for a whole batch, and are sent once for each stretch of reports that are alike; what has
// ended comes back as one row, since a thousand rows of two values cost the driver more than the rest of the statement.
const FINISH_TASK_RUNS = ownedStatement(
  "finish_task_runs",
  /* sql */ `
  finished as (
    delete from task_run t
     using owner, unnest($2::uuid[], $3::int[], $4::text[], $5::double precision[])
           as report (id, kind, output, started_ms)
     where t.id = report.id and t.tenant_id = ($6::uuid[])[report.kind] and t.status = 'assigned'
       and t.attempt = coalesce(($7::int[])[report.kind], t.attempt)
    returning ${KEPT_COLUMNS.map((column) => `t.${column}`).join(", ")}, report.output,
              coalesce(t.started_at, to_timestamp(report.started_ms / 1000)) as began_at
  ),
  stored as (
    insert into task_run_history (${KEPT_COLUMNS.join(", ")}, status, output, started_at, finished_at)
    select ${KEPT_COLUMNS.join(", ")}, 'succeeded', output, began_at, (select helve_now()) from finished
    returning id, attempt
  )
  select string_agg(id::text, ',') as ids, string_agg(attempt::text, ',') as attempts from stored`,
);

/**
 * Ends standalone task runs that succeeded and moves them to history. A report under another attempt than the one that is
 * assigned, or from a fenced replica, changes nothing.
 *
 * @param successes an id may stand there once
 * @returns what was ended, with its attempt; the others were late or unknown
 */
export async function finishTaskRuns(
  db: Db,
  replicaId: ReplicaId,
  successes: readonly Success[],
): Promise<Map<Uuid, number>> {
  const { samples, kinds } = kindsOf(successes, (a, b) => a.tenantId === b.tenantId && a.attempt === b.attempt);
  const [ended] = await db.query<{ ids: string | null; attempts: string | null }>(FINISH_TASK_RUNS, [
    replicaId,
    plainArray(successes.map((success) => success.id)),
    plainArray(kinds),
    textArray(successes.map((success) => success.output)),
    plainArray(successes.map((success) => success.startedAtMs)),
    plainArray(samples.map((success) => success.tenantId)),
    plainArray(samples.map((success) => success.attempt)),
  ]);
  if (!ended?.ids || !ended.attempts) return new Map();
  const attempts = ended.attempts.split(",");
  return new Map(ended.ids.split(",").map((id, index) => [id, Number(attempts[index])]));
}
