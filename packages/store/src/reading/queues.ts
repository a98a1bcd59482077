import type { Uuid } from "@helve/core";
import type { Db, Statement } from "../db.ts";

const QUEUE_LENGTHS: Statement = {
  name: "reading_queue_lengths",
  text: /* sql */ `
  select r.action, sum(line.length)::int as length
    from route r
   cross join lateral (select count(*) as length from task_run t where t.route_id = r.id and t.status = 'queued') line
   where r.tenant_id = $1 and line.length > 0
   group by r.action order by r.action`,
};

/** How many tasks stand in line, by action; actions without any are left out. */
export async function queueLengths(db: Db, tenantId: Uuid): Promise<Map<string, number>> {
  const rows = await db.query<{ action: string; length: number }>(QUEUE_LENGTHS, [tenantId]);
  return new Map(rows.map((row) => [row.action, row.length]));
}

const COUNT_QUEUED: Statement = {
  name: "reading_count_queued",
  text: /* sql */ `
  select r.tenant_id as "tenantId", sum(line.length)::int as length
    from route r
   cross join lateral (select count(*) as length from task_run t where t.route_id = r.id and t.status = 'queued') line
   where line.length > 0
   group by r.tenant_id`,
};

/** How many tasks of all tenants stand in line, by tenant. Reads the index of the lines. */
export async function countQueued(db: Db): Promise<Map<Uuid, number>> {
  const rows = await db.query<{ tenantId: Uuid; length: number }>(COUNT_QUEUED);
  return new Map(rows.map((row) => [row.tenantId, row.length]));
}

/** The unfinished tasks of one place in one workflow version that are in one state. */
export interface TaskLoad {
  versionId: Uuid;
  /** Its place in the definition; 0 for a standalone task. */
  taskNumber: number;
  isRunning: boolean;
  action: string;
  total: number;
  /** When the one that waits (or runs) longest began to; of a task in back-off, when it was stored. */
  oldest: Date;
  /** The same of those that have not failed yet; null when there are none. */
  oldestFirstTry: Date | null;
}

const TASK_LOADS: Statement = {
  name: "reading_task_loads",
  text: /* sql */ `
  select t.version_id as "versionId",
         get_byte(uuid_send(t.id), 14) * 256 + get_byte(uuid_send(t.id), 15) as "taskNumber", t.status = 'assigned' as "isRunning", r.action, count(*)::int as total,
         min(coalesce(t.assigned_at, t.queued_at, t.created_at)) as oldest,
         min(coalesce(t.assigned_at, t.queued_at, t.created_at)) filter (where t.failures = 0) as "oldestFirstTry"
    from task_run t join route r on r.id = t.route_id
   where t.tenant_id = $1 and t.status in ('queued', 'backing_off', 'assigned')
   group by 1, 2, 3, 4`,
};

/** What is queued and what runs, task by task. Reads the hot table. */
export async function listTaskLoads(db: Db, tenantId: Uuid): Promise<TaskLoad[]> {
  return db.query<TaskLoad>(TASK_LOADS, [tenantId]);
}
