import type { Uuid } from "@helve/core";
import { plainArray } from "../array-parameters.ts";
import type { Db } from "../db.ts";
import { ownedStatement, type ReplicaId } from "../replicas/owner.ts";

/** Which of a route's waiting runs to take, and for which worker each: `workerIds[0]` gets the oldest. */
export interface Claim {
  routeId: number;
  tenantId: Uuid;
  workerIds: readonly Uuid[];
  /** Where to begin at each rank, from rank 0: rows of a lower age are passed over. @default at the front */
  fromAge?: readonly number[];
}

/** The ranks of a line. In the first stands who was given out before, whatever his priority, with an age of long ago. */
export const RANKS = 4;
const AT_THE_FRONT: readonly number[] = new Array(RANKS).fill(0);

/** A task run in the hands of a worker, with what must be sent there. */
export interface AssignedTaskRun {
  id: Uuid;
  tenantId: Uuid;
  versionId: Uuid;
  routeId: number;
  workerId: Uuid;
  attempt: number;
  priority: number;
  executionTimeoutMs: number;
  parentTaskId: Uuid | null;
  childIndex: number | null;
  childKey: string | null;
  /** Null for a task of a DAG, whose run has it. */
  input: string | null;
  metadata: string | null;
}

/** One that was just given to a worker. */
export interface ClaimedTaskRun extends AssignedTaskRun {
  /** Which of its claim's workers it was given to, from 0. */
  place: number;
  /** With this one the claims have reached their bound: more may stand in any of the lines. */
  isLast: true | null;
  age: number;
  queuedAtMs: number;
}

const SENT_COLUMNS = /* sql */ `
  t.id, t.version_id as "versionId", t.attempt, t.priority, t.execution_timeout_ms as "executionTimeoutMs",
  t.parent_task_id as "parentTaskId", t.child_index as "childIndex", t.child_key as "childKey", t.metadata`;

/** The columns of {@link AssignedTaskRun} of table `t`, but for the input. */
export const ASSIGNED_COLUMNS: string = /* sql */ `
  t.tenant_id as "tenantId", t.route_id as "routeId", t.worker_id as "workerId", ${SENT_COLUMNS}`;

/** What a task brings into memory when it is claimed. */
const BYTES = /* sql */ `coalesce(
  octet_length(input) + octet_length(metadata),
  (select octet_length(run.input) + octet_length(run.metadata) from workflow_run run
    where run.id = (left(task_run.id::text, 32) || '0000')::uuid) + coalesce(parents_bytes, 0),
  0)`;

// Rank by rank, lowest first, and only until there are enough: the outer limit stops the walk, and what is not reached is
// not locked. Workers are looked up by position in one array: a join of the picked rows with the list of workers would be
// a nested loop over both. What the caller knows by the place in that list does not come back.
//
// Bytes are granted to one row of each line in turn. The length of a large value is known without reading it; a task of a
// DAG has its input in the run, and in its row the length of its parents' outputs. What is found and not granted was locked in vain, for as long as the statement takes: a
// replica that passes over it meanwhile finds it at its next sweep.
const CLAIM_TASK_RUNS = ownedStatement(
  "claim_task_runs",
  /* sql */ `
  found as (
    select t.id, w.line, w.first, t.bytes, row_number() over (partition by w.line order by t.rank, t.age) as nth
      from owner, unnest($2::int[], $3::int[], $4::int[]) with ordinality as w (route_id, wanted, first, line)
     cross join lateral (
       select t.id, t.rank, t.age, t.bytes
         from generate_series(0, ${RANKS - 1}) as r (rank)
        cross join lateral (
          select id, rank, age, ${BYTES} as bytes from task_run
           where route_id = w.route_id and status = 'queued' and deadline_at > (select helve_now())
             and rank = r.rank and age >= ($6::bigint[])[(w.line - 1) * ${RANKS} + r.rank + 1]
           order by age
           limit w.wanted
           for update skip locked
        ) t
        limit w.wanted
     ) t
  ),
  picked as (
    select id, (first + nth)::int as place, case when through >= $7 then true end as is_last
      from (select *, sum(bytes) over (order by nth, line) as through from found) f
     where through - bytes < $7
  )
  update task_run t
     set status = 'assigned', attempt = t.attempt + 1, worker_id = ($5::uuid[])[picked.place],
         assigned_at = (select helve_now()), started_at = null, slot_released = false,
         deadline_at = (select helve_now()) + t.execution_timeout_ms * interval '1 ms'
    from picked
   where t.id = picked.id
  returning picked.place, picked.is_last as "isLast", t.age, date_part('epoch', t.queued_at) * 1000 as "queuedAtMs",
            t.input, ${SENT_COLUMNS}`,
);

/**
 * Inputs, metadata and outputs of parents that one statement gives out; the last task may go beyond. A task's own are at
 * most 4 MiB.
 */
export const MAX_CLAIM_BYTES: number = 8 * 2 ** 20;

/**
 * Gives waiting task runs to workers, the most urgent and then oldest first. Runs that another replica is claiming at the
 * same moment are passed over; runs whose schedule timeout has passed stay for the timers.
 *
 * @returns what was claimed, in no order; fewer than asked for when a line is short or {@link MAX_CLAIM_BYTES} are reached,
 *   which a row says; none when this replica was fenced
 */
export async function claimTaskRuns(db: Db, replicaId: ReplicaId, claims: readonly Claim[]): Promise<ClaimedTaskRun[]> {
  const firsts: number[] = [];
  const lineOf: number[] = [];
  claims.forEach(({ workerIds }, line) => {
    firsts.push(lineOf.length);
    for (const _ of workerIds) lineOf.push(line);
  });
  const rows = await db.query<ClaimedTaskRun>(CLAIM_TASK_RUNS, [
    replicaId,
    claims.map((claim) => claim.routeId),
    claims.map((claim) => claim.workerIds.length),
    firsts,
    plainArray(claims.flatMap((claim) => claim.workerIds)),
    claims.flatMap((claim) => claim.fromAge ?? AT_THE_FRONT),
    MAX_CLAIM_BYTES,
  ]);
  for (const row of rows) {
    const line = lineOf[row.place - 1] as number;
    const claim = claims[line] as Claim;
    row.place -= 1 + (firsts[line] as number);
    row.tenantId = claim.tenantId;
    row.routeId = claim.routeId;
    row.workerId = claim.workerIds[row.place] as Uuid;
  }
  return rows;
}
