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
    from task_run t
    cross join lateral (values
      ('queued', t.queued_at, 1), ('assigned', t.assigned_at, 2), ('started', t.started_at, 3)) as moment (kind, at, place)
   where t.id = any($1::uuid[]) and moment.at is not null
   order by t.id, moment.place`,
};

/** Before an attempt gives way to the next, its times become events: the row will hold those of the next. */
export async function keepTimesOfAttempt(tx: Db, ids: readonly Uuid[]): Promise<void> {
  if (ids.length > 0) await tx.query(KEEP_TIMES_OF_ATTEMPT, [ids]);
}
