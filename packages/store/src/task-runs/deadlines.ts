import type { Uuid } from "@helve/core";
import type { Db, Statement } from "../db.ts";
import { ownedStatement, type ReplicaId } from "../replicas/owner.ts";

const RESUME_DUE = ownedStatement(
  "resume_due_task_runs",
  /* sql */ `
  due as (
    select t.id from task_run t, owner
     where t.status = 'backing_off' and t.deadline_at <= helve_now()
     order by t.deadline_at limit 1000
     for update of t skip locked
  )
  update task_run t
     set status = 'queued', queued_at = helve_now(),
         deadline_at = helve_now() + t.schedule_timeout_ms * interval '1 ms'
    from due where t.id = due.id
  returning t.route_id as "routeId"`,
);

/** Puts runs whose back-off is over into their lines. @returns the routes concerned */
export async function resumeDueTaskRuns(db: Db, replicaId: ReplicaId): Promise<Set<number>> {
  const rows = await db.query<{ routeId: number }>(RESUME_DUE, [replicaId]);
  return new Set(rows.map((row) => row.routeId));
}

// Nothing times out while its workflow is paused, nor before it has had all its time since: such a deadline is put off when
// it passes, so that a pause costs nothing for tasks that wait for less. Whoever is being claimed just now is left alone.
const TAKE_EXPIRED = ownedStatement(
  "take_expired_task_runs",
  /* sql */ `
  due as materialized (
    select t.id, t.tenant_id, t.attempt,
           case when w.paused_at is null then w.resumed_at else helve_now() end
             + greatest(t.schedule_timeout_ms, 1000) * interval '1 ms' as later
      from task_run t left join workflow_version v on v.id = t.version_id left join workflow w on w.id = v.workflow_id,
           owner
     where t.status = 'queued' and t.deadline_at <= helve_now()
     order by t.deadline_at limit 1000
     for update of t skip locked
  ), put_off as (
    update task_run t set deadline_at = due.later from due where t.id = due.id and due.later > helve_now()
  )
  select id, tenant_id as "tenantId", attempt from due where later is null or later <= helve_now()`,
);

/** Runs that stand in line past their schedule timeout. Deadlines that passed in a pause of the workflow are put off. */
export async function takeExpiredTaskRuns(
  db: Db,
  replicaId: ReplicaId,
): Promise<{ id: Uuid; tenantId: Uuid; attempt: number }[]> {
  return db.query(TAKE_EXPIRED, [replicaId]);
}

const LIST_OVERDUE: Statement = {
  name: "list_overdue_task_runs",
  text: /* sql */ `
  select id, tenant_id as "tenantId", attempt, execution_timeout_ms as "executionTimeoutMs" from task_run
   where status = 'assigned' and deadline_at <= helve_now() - interval '10 seconds' limit 1000`,
};

/**
 * Runs in a worker's hands whose execution timeout passed a while ago: whoever keeps them should have acted. Reads the
 * whole hot table.
 */
export async function listOverdueTaskRuns(
  db: Db,
): Promise<{ id: Uuid; tenantId: Uuid; attempt: number; executionTimeoutMs: number }[]> {
  return db.query(LIST_OVERDUE);
}

const NEXT_DEADLINE: Statement = {
  name: "next_queue_deadline",
  text: /* sql */ `
  select (extract(epoch from min(deadline_at)) * 1000)::double precision as "atMs"
    from task_run where status in ('queued', 'backing_off')`,
};

/** The earliest deadline of anything that waits, ms since 1970, or undefined. */
export async function nextQueueDeadline(db: Db): Promise<number | undefined> {
  return (await db.query<{ atMs: number | null }>(NEXT_DEADLINE))[0]?.atMs ?? undefined;
}

const REFRESH_TIMEOUT: Statement = {
  name: "refresh_timeout",
  text: /* sql */ `
  with refreshed as (
    update task_run set deadline_at = deadline_at + $3 * interval '1 ms'
     where tenant_id = $1 and id = $2 and status = 'assigned'
    returning tenant_id, id, attempt, worker_id, deadline_at
  ), noted as (
    insert into task_event (tenant_id, task_id, attempt, kind, message, worker_id)
    select tenant_id, id, attempt, 'timeout_refreshed', $4, worker_id from refreshed
  )
  select attempt, worker_id as "workerId", (extract(epoch from deadline_at) * 1000)::double precision as "deadlineMs"
    from refreshed`,
};

/** Moves the execution deadline of a running task on. @returns undefined when it is not running */
export async function refreshTimeout(
  db: Db,
  request: { tenantId: Uuid; id: Uuid; incrementMs: number; message: string },
): Promise<{ attempt: number; workerId: Uuid; deadlineMs: number } | undefined> {
  const values = [request.tenantId, request.id, request.incrementMs, request.message];
  return (await db.query<{ attempt: number; workerId: Uuid; deadlineMs: number }>(REFRESH_TIMEOUT, values))[0];
}

const RELEASE_SLOT: Statement = {
  name: "release_slot",
  text: /* sql */ `
  with released as (
    update task_run set slot_released = true
     where tenant_id = $1 and id = $2 and status = 'assigned' and worker_id = coalesce($3, worker_id)
    returning tenant_id, id, attempt, worker_id
  ), noted as (
    insert into task_event (tenant_id, task_id, attempt, kind, worker_id)
    select tenant_id, id, attempt, 'slot_released', worker_id from released
  )
  select attempt, worker_id as "workerId" from released`,
};

/** Records that a running task holds no slot any more. @returns undefined when it is not running, or not at that worker */
export async function releaseSlot(
  db: Db,
  tenantId: Uuid,
  id: Uuid,
  workerId?: Uuid,
): Promise<{ attempt: number; workerId: Uuid } | undefined> {
  return (await db.query<{ attempt: number; workerId: Uuid }>(RELEASE_SLOT, [tenantId, id, workerId ?? null]))[0];
}

const MARK_STARTED: Statement = {
  name: "mark_started",
  text: /* sql */ `
  update task_run t set started_at = to_timestamp(s.started_ms / 1000)
    from unnest($1::uuid[], $2::int[], $3::double precision[]) as s (id, attempt, started_ms)
   where t.id = s.id and t.attempt = s.attempt and t.started_at is null`,
};

/** Stores the start of task runs that have been going for a while; short ones are stored with their end. */
export async function markStarted(
  db: Db,
  starts: readonly { id: Uuid; attempt: number; startedAtMs: number }[],
): Promise<void> {
  const values = [starts.map((s) => s.id), starts.map((s) => s.attempt), starts.map((s) => s.startedAtMs)];
  await db.query(MARK_STARTED, values);
}
