import type { Uuid } from "@helve/core";
import type { Db, Statement } from "../db.ts";

/** A stored event: what was out of the ordinary in a task's life, and the times of attempts before the latest. */
export interface EventRecord {
  id: number;
  taskId: Uuid;
  attempt: number;
  at: Date;
  /** Of TaskEventKind; a newer engine may store others. */
  kind: string;
  message: string;
  workerId: Uuid | null;
}

const LIST_EVENTS: Statement = {
  name: "reading_list_events",
  text: /* sql */ `
  select e.id, e.task_id as "taskId", e.attempt, e.at, e.kind, e.message, e.worker_id as "workerId"
    from task_event e
   where e.tenant_id = $1 and e.task_id between $2 and $3
   order by e.task_id, e.id`,
};

/** The stored events of the tasks with ids from `firstId` to `lastId`, each task's in the order they came. */
export async function listEvents(db: Db, tenantId: Uuid, firstId: Uuid, lastId: Uuid): Promise<EventRecord[]> {
  return db.query<EventRecord>(LIST_EVENTS, [tenantId, firstId, lastId]);
}

/** A line that task code logged. */
export interface LogRecord {
  attempt: number;
  /** When the engine stored it, RFC 3339 in UTC with microseconds: the border of the next page, to the digit. */
  at: string;
  level: string;
  message: string;
  /** JSON object text. */
  metadata: string;
}

export interface LogFilter {
  /** Later than; any form of time that Postgres reads. */
  since?: string | undefined;
  /** Earlier than. */
  until?: string | undefined;
  /** Part of the message, in either case; `%` and `_` mean themselves. */
  search?: string | undefined;
  levels?: readonly string[] | undefined;
  attempt?: number | undefined;
  order: "asc" | "desc";
  limit: number;
}

const logLines = (order: "asc" | "desc"): Statement => ({
  name: `reading_log_lines_${order}`,
  text: /* sql */ `
  select l.attempt, to_char(l.at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, l.level, l.message, l.metadata
    from log_line l
   where l.tenant_id = $1 and l.task_id = $2
     and ($3::timestamptz is null or l.at > $3) and ($4::timestamptz is null or l.at < $4)
     and ($5::text is null or position(lower($5) in lower(l.message)) > 0)
     and ($6::text[] is null or upper(l.level) = any ($6))
     and ($7::int is null or l.attempt = $7)
   order by l.at ${order}, l.id ${order} limit $8`,
});
const LOG_LINES = { asc: logLines("asc"), desc: logLines("desc") } as const;

/** What a task logged, in order of time. */
export async function listLogLines(db: Db, tenantId: Uuid, taskId: Uuid, filter: LogFilter): Promise<LogRecord[]> {
  const { since, until, search, levels, attempt, order, limit } = filter;
  const values = [
    tenantId,
    taskId,
    since ?? null,
    until ?? null,
    search ?? null,
    levels ?? null,
    attempt ?? null,
    limit,
  ];
  return db.query<LogRecord>(LOG_LINES[order], values);
}
