import type { Uuid } from "@helve/core";
import { columns, type Db, type Statement } from "../db.ts";
import { FencedError, OWNER, type ReplicaId } from "../replicas/owner.ts";
import { ASSIGNED_COLUMNS, type AssignedTaskRun } from "./claim-task-runs.ts";
import { KEPT_COLUMNS } from "./finish-task-runs.ts";

/**
 * The parts of a transaction that changes task runs by a decision made in `core`: lock the rows, decide, write. Locks are
 * taken in one order everywhere (the replica, runs by id, tasks by id), so that two such transactions never wait for each
 * other in a circle.
 */

const LOCK_OWNER: Statement = { name: "lock_owner", text: `with ${OWNER} select id from owner` };

/** @throws FencedError when this replica has been taken over */
export async function lockOwner(tx: Db, replicaId: ReplicaId): Promise<void> {
  if ((await tx.query(LOCK_OWNER, [replicaId])).length === 0) throw new FencedError(replicaId);
}

export type UnfinishedStatus = "waiting" | "queued" | "assigned" | "backing_off";

/** An unfinished task run, locked until the transaction ends. `workerId` is null unless it is assigned. */
export interface LockedTaskRun extends Omit<AssignedTaskRun, "workerId"> {
  workerId: Uuid | null;
  failures: number;
  requeues: number;
  scheduleTimeoutMs: number;
  status: UnfinishedStatus;
  pendingParents: number;
  /** Of the outputs of parents that have ended, and of theirs in turn. */
  parentsBytes: number;
  /** Its deadline has passed by the database's clock. */
  isDue: boolean;
  isStarted: boolean;
}

const LOCKED_COLUMNS = `${ASSIGNED_COLUMNS}, t.input, t.failures, t.requeues, t.schedule_timeout_ms as "scheduleTimeoutMs", t.status, t.pending_parents as "pendingParents",
  coalesce(t.parents_bytes, 0) as "parentsBytes", coalesce(t.deadline_at <= helve_now(), false) as "isDue", t.started_at is not null as "isStarted"`;

const LOCK_TASK_RUNS: Statement = {
  name: "lock_task_runs",
  text: /* sql */ `select ${LOCKED_COLUMNS} from task_run t where t.id = any($1::uuid[]) order by t.id for update`,
};

/** The unfinished ones among these ids, locked. */
export async function lockTaskRuns(tx: Db, ids: readonly Uuid[]): Promise<LockedTaskRun[]> {
  return ids.length === 0 ? [] : tx.query<LockedTaskRun>(LOCK_TASK_RUNS, [ids]);
}

/** A task run that ends in any way. */
export interface Ending {
  id: Uuid;
  status: "succeeded" | "failed" | "cancelled" | "skipped";
  output: string | null;
  error: string | null;
  startedAtMs: number | null;
}

const END_TASK_RUNS: Statement = {
  name: "end_task_runs",
  text: /* sql */ `
  with ended as (
    delete from task_run t
     using unnest($1::uuid[], $2::task_status[], $3::text[], $4::text[], $5::double precision[])
           as e (id, status, output, error, started_ms)
     where t.id = e.id
    returning t.*, e.status as end_status, e.output, e.error,
              coalesce(t.started_at, to_timestamp(e.started_ms / 1000)) as began_at
  )
  insert into task_run_history (${KEPT_COLUMNS.join(", ")}, status, output, error, started_at, finished_at)
  select ${KEPT_COLUMNS.join(", ")}, end_status, output, error, began_at, helve_now() from ended`,
};

/** Moves locked task runs to history. */
export async function endTaskRuns(tx: Db, endings: readonly Ending[]): Promise<void> {
  if (endings.length === 0) return;
  await tx.query(END_TASK_RUNS, columns(endings, ["id", "status", "output", "error", "startedAtMs"]));
}

/** A task run that goes back to the line at once, or after a delay. */
export interface Requeue {
  id: Uuid;
  status: "queued" | "backing_off";
  failures: number;
  requeues: number;
  delayMs: number;
}

// Rank 0: whoever was given out before goes before everybody else. The age stays.
const REQUEUE_TASK_RUNS: Statement = {
  name: "requeue_task_runs",
  text: /* sql */ `
  update task_run t
     set status = r.status, failures = r.failures, requeues = r.requeues, rank = 0,
         worker_id = null, assigned_at = null, started_at = null, slot_released = false,
         queued_at = case when r.status = 'queued' then helve_now() end,
         deadline_at = helve_now() + interval '1 ms'
                       * case when r.status = 'queued' then t.schedule_timeout_ms else r.delay_ms end
    from unnest($1::uuid[], $2::task_status[], $3::smallint[], $4::smallint[], $5::int[])
         as r (id, status, failures, requeues, delay_ms)
   where t.id = r.id`,
};

/** Puts locked task runs back into their lines. */
export async function requeueTaskRuns(tx: Db, requeues: readonly Requeue[]): Promise<void> {
  if (requeues.length === 0) return;
  await tx.query(REQUEUE_TASK_RUNS, columns(requeues, ["id", "status", "failures", "requeues", "delayMs"]));
}

/** A waiting task whose parents have ended: some of them (`status` waiting), or all. */
export interface Readying {
  id: Uuid;
  /** Where it stands from now on: its route may depend on where its parents ran. */
  routeId: number;
  pendingParents: number;
  /** As in {@link LockedTaskRun}, with those that have ended now. */
  parentsBytes: number;
  status: "waiting" | "queued" | "assigned";
  /** Set exactly when `status` is assigned; the attempt becomes 1. */
  workerId: Uuid | null;
}

const READY_TASK_RUNS: Statement = {
  name: "ready_task_runs",
  text: /* sql */ `
  update task_run t
     set route_id = r.route_id, pending_parents = r.pending_parents, parents_bytes = least(r.parents_bytes, 2^30),
         status = r.status, worker_id = r.worker_id,
         attempt = t.attempt + case when r.status = 'assigned' then 1 else 0 end,
         queued_at = case when r.status <> 'waiting' then helve_now() end,
         assigned_at = case when r.status = 'assigned' then helve_now() end,
         deadline_at = case r.status
           when 'assigned' then helve_now() + t.execution_timeout_ms * interval '1 ms'
           when 'queued' then helve_now() + t.schedule_timeout_ms * interval '1 ms'
         end
    from unnest($1::uuid[], $2::int[], $3::smallint[], $4::bigint[], $5::task_status[], $6::uuid[])
           as r (id, route_id, pending_parents, parents_bytes, status, worker_id)
   where t.id = r.id`,
};

/** Records what the ends of parents did to locked, waiting task runs. */
export async function readyTaskRuns(tx: Db, readyings: readonly Readying[]): Promise<void> {
  if (readyings.length === 0) return;
  const values = columns(readyings, ["id", "routeId", "pendingParents", "parentsBytes", "status", "workerId"]);
  await tx.query(READY_TASK_RUNS, values);
}

const COUNT_PARENTS_BYTES: Statement = {
  name: "count_parents_bytes",
  text: /* sql */ `
  update task_run t set parents_bytes = least(ancestors.bytes, 2^30)
    from (
      select p.id, sum(octet_length(h.output)) as bytes
        from unnest($2::uuid[], $3::uuid[]) as p (id, ancestor_id)
        join task_run_history h on h.tenant_id = $1 and h.id = p.ancestor_id
       group by p.id
    ) ancestors
   where t.id = ancestors.id`,
};

/** Counts what is sent of ancestors that have ended along with tasks that run again. */
export async function countParentsBytes(
  tx: Db,
  tenantId: Uuid,
  pairs: readonly { id: Uuid; ancestorId: Uuid }[],
): Promise<void> {
  if (pairs.length === 0) return;
  await tx.query(COUNT_PARENTS_BYTES, [tenantId, ...columns(pairs, ["id", "ancestorId"])]);
}
