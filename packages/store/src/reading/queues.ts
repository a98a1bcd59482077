import type { Uuid } from "@helve/core";
import type { Db, Statement } from "../db.ts";
import { IS_CONNECTED } from "./workers.ts";

/**
 * What stands in the lines. The hot table has no index by tenant, so all of this goes from a tenant's routes along the
 * index of the lines: what others have waiting costs nothing.
 */

const LINE = /* sql */ `
  lateral (select count(*)::int as length from task_run t where t.route_id = r.id and t.status = 'queued') line`;

/**
 * Since when the first of each rank has been waiting; `since_first_try` of those that were not given out before, which are
 * rank 0. Not all tasks of a line are looked at: one of a graph that stands behind another may have been waiting longer.
 */
const HEADS = /* sql */ `
  lateral (
    select min(head.queued_at) as since, min(head.queued_at) filter (where head.rank > 0) as since_first_try
      from unnest('{0,1,2,3}'::smallint[]) as ranks (rank)
     cross join lateral (
       select t.rank, t.queued_at from task_run t
        where t.route_id = r.id and t.status = 'queued' and t.rank = ranks.rank order by t.age limit 1) head
  ) heads`;

const QUEUE_LENGTHS: Statement = {
  name: "reading_queue_lengths",
  text: /* sql */ `
  select r.action, sum(line.length)::int as length
    from route r cross join ${LINE}
   where r.tenant_id = $1 and line.length > 0
   group by r.action order by r.action`,
};

/** How many tasks stand in line, by action; actions without any are left out. */
export async function queueLengths(db: Db, tenantId: Uuid): Promise<Map<string, number>> {
  const rows = await db.query<{ action: string; length: number }>(QUEUE_LENGTHS, [tenantId]);
  return new Map(rows.map((row) => [row.action, row.length]));
}

/** What of a tenant stands in line. */
export interface Backlog {
  queued: number;
  oldestSeconds: number;
  /** Of them, those whose action no connected worker has. */
  unserved: number;
}

const BACKLOGS: Statement = {
  name: "reading_backlogs",
  text: /* sql */ `
  with served as materialized (
    select distinct w.tenant_id, action from worker w cross join unnest(w.actions) action where ${IS_CONNECTED}
  )
  select r.tenant_id as "tenantId", sum(line.length)::int as queued,
         coalesce(extract(epoch from helve_now() - min(heads.since)), 0)::float8 as "oldestSeconds",
         coalesce(sum(line.length) filter (where (r.tenant_id, r.action) not in (select * from served)), 0)::int as unserved
    from route r cross join ${LINE} cross join ${HEADS}
   where line.length > 0
   group by r.tenant_id`,
};

/** What stands in line, of all tenants that have something there. */
export async function listBacklogs(db: Db): Promise<Map<Uuid, Backlog>> {
  const rows = await db.query<Backlog & { tenantId: Uuid }>(BACKLOGS);
  return new Map(rows.map(({ tenantId, ...backlog }) => [tenantId, backlog]));
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
