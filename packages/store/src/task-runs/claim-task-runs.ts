import type { Uuid } from "@helve/core";
import type { Db } from "../db.ts";
import { ownedStatement, type ReplicaId } from "../replicas/owner.ts";

/** How many of a route's waiting runs to take, and for which worker each: `workerIds[0]` gets the oldest. */
export interface Claim {
  routeId: number;
  workerIds: readonly Uuid[];
}

/** A task run that was just given to a worker, with what must be sent there. */
export interface ClaimedTaskRun {
  id: Uuid;
  tenantId: Uuid;
  versionId: Uuid;
  routeId: number;
  workerId: Uuid;
  attempt: number;
  failures: number;
  requeues: number;
  priority: number;
  scheduleTimeoutMs: number;
  executionTimeoutMs: number;
  parentTaskId: Uuid | null;
  childIndex: number | null;
  childKey: string | null;
  /** Null for a task of a DAG, whose run has it. */
  input: string | null;
  metadata: string | null;
}

/** The columns of {@link ClaimedTaskRun} of table `t`. */
export const CLAIMED_COLUMNS = /* sql */ `
  t.id, t.tenant_id as "tenantId", t.version_id as "versionId", t.route_id as "routeId", t.worker_id as "workerId",
  t.attempt, t.failures, t.requeues, t.priority, t.schedule_timeout_ms as "scheduleTimeoutMs",
  t.execution_timeout_ms as "executionTimeoutMs", t.parent_task_id as "parentTaskId", t.child_index as "childIndex",
  t.child_key as "childKey", t.input, t.metadata`;

// Workers are looked up by position in one array: a join of the picked rows with the list of workers would be a nested
// loop over both.
const CLAIM_TASK_RUNS = ownedStatement(
  "claim_task_runs",
  /* sql */ `
  picked as (
    select t.id, ($5::uuid[])[(w.first + row_number() over (partition by w.route_id order by t.rank, t.age))::int] as worker_id
      from owner, unnest($2::int[], $3::int[], $4::int[]) as w (route_id, wanted, first)
     cross join lateral (
       select id, rank, age from task_run
        where route_id = w.route_id and status = 'queued' and deadline_at > helve_now()
        order by rank, age
        limit w.wanted
        for update skip locked
     ) t
  )
  update task_run t
     set status = 'assigned', attempt = t.attempt + 1, worker_id = picked.worker_id, assigned_at = helve_now(),
         started_at = null, slot_released = false,
         deadline_at = helve_now() + t.execution_timeout_ms * interval '1 ms'
    from picked
   where t.id = picked.id
  returning ${CLAIMED_COLUMNS}, (extract(epoch from t.queued_at) * 1000)::float8 as "queuedAtMs"`,
);

/**
 * Gives waiting task runs to workers, the most urgent and then oldest first. Runs that another replica is claiming at the
 * same moment are passed over; runs whose schedule timeout has passed stay for the timers.
 *
 * @returns what was claimed, in no order; fewer than asked for when a line is short; none when this replica was fenced
 */
export async function claimTaskRuns(
  db: Db,
  replicaId: ReplicaId,
  claims: readonly Claim[],
): Promise<(ClaimedTaskRun & { queuedAtMs: number })[]> {
  const workerIds = claims.flatMap((claim) => claim.workerIds);
  let first = 0;
  const firsts = claims.map((claim) => {
    const own = first;
    first += claim.workerIds.length;
    return own;
  });
  return db.query<ClaimedTaskRun & { queuedAtMs: number }>(CLAIM_TASK_RUNS, [
    replicaId,
    claims.map((claim) => claim.routeId),
    claims.map((claim) => claim.workerIds.length),
    firsts,
    workerIds,
  ]);
}
