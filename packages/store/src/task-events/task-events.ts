import type { Uuid } from "@helve/core";
import { columns, type Db, type Statement } from "../db.ts";

/**
 * What is out of the ordinary in the life of a task run. Kinds that the wire knows have its names in lower case; ours
 * beside them are `late_report` (refused: its attempt is over) and `duplicate_start`.
 */
export type TaskEventKind =
  | "queued"
  | "assigned"
  | "started"
  | "failed"
  | "retrying"
  | "reassigned"
  | "timed_out"
  | "scheduling_timed_out"
  | "finished"
  | "cancelled"
  | "retried_by_user"
  | "timeout_refreshed"
  | "slot_released"
  | "requeued_no_worker"
  | "skipped"
  | "late_report";

export interface NewTaskEvent {
  tenantId: Uuid;
  taskId: Uuid;
  attempt: number;
  kind: TaskEventKind;
  message: string;
  workerId: Uuid | null;
}

const INSERT_TASK_EVENTS: Statement = {
  name: "insert_task_events",
  text: /* sql */ `
  insert into task_event (tenant_id, task_id, attempt, kind, message, worker_id)
  select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::uuid[])`,
};

/** Adds to the history of task runs, in the order given. */
export async function insertTaskEvents(db: Db, events: readonly NewTaskEvent[]): Promise<void> {
  if (events.length === 0) return;
  await db.query(INSERT_TASK_EVENTS, columns(events, ["tenantId", "taskId", "attempt", "kind", "message", "workerId"]));
}

const KEEP_TIMES_OF_ATTEMPT: Statement = {
  name: "keep_times_of_attempt",
  text: /* sql */ `
  insert into task_event (tenant_id, task_id, attempt, kind, at, worker_id)
  select t.tenant_id, t.id, t.attempt, moment.kind, moment.at, t.worker_id
    from unnest($1::uuid[], $2::double precision[]) as kept (id, started_ms)
    join task_run t on t.id = kept.id
   cross join lateral (values
      ('queued', t.queued_at, 1), ('assigned', t.assigned_at, 2),
      ('started', coalesce(t.started_at, to_timestamp(kept.started_ms / 1000)), 3)) as moment (kind, at, place)
   where moment.at is not null
   order by t.id, moment.place`,
};

/**
 * Before an attempt gives way to the next, its times become events: the row will hold those of the next.
 *
 * @param attempts with the start of the code, ms since 1970, where it is known and not stored yet
 */
export async function keepTimesOfAttempt(
  tx: Db,
  attempts: readonly { id: Uuid; startedAtMs: number | null }[],
): Promise<void> {
  if (attempts.length > 0) await tx.query(KEEP_TIMES_OF_ATTEMPT, columns(attempts, ["id", "startedAtMs"]));
}

const KEEP_TIMES_OF_FINISHED: Statement = {
  name: "keep_times_of_finished",
  text: /* sql */ `
  insert into task_event (tenant_id, task_id, attempt, kind, at, message, worker_id)
  select h.tenant_id, h.id, h.attempt, moment.kind, moment.at, '', h.worker_id
    from unnest($1::uuid[], $2::uuid[]) as kept (tenant_id, id)
    join task_run_history h on h.tenant_id = kept.tenant_id and h.id = kept.id
   cross join lateral (values
      ('queued', h.queued_at, 1), ('assigned', h.assigned_at, 2), ('started', h.started_at, 3),
      ('finished', case when h.status = 'succeeded' then h.finished_at end, 4)) as moment (kind, at, place)
   where moment.at is not null
   order by h.id, moment.place`,
};

/** Before a finished task run is replayed, the times of its last attempt become events. */
export async function keepTimesOfFinished(tx: Db, runs: readonly { tenantId: Uuid; id: Uuid }[]): Promise<void> {
  if (runs.length > 0) await tx.query(KEEP_TIMES_OF_FINISHED, columns(runs, ["tenantId", "id"]));
}
