import type { Uuid } from "@helve/core";
import type { Db, Statement } from "../db.ts";
import { IS_CONNECTED } from "../workers/workers.ts";

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

/** Unfinished tasks of one action that are in one state. */
export interface TaskLoad {
  action: string;
  total: number;
  /** Since when the one that waits (or runs) longest does; of a task in back-off, when it was stored. */
  oldest: Date;
  /** The same of those that were not given out before; null when there are none. */
  oldestFirstTry: Date | null;
}

const QUEUE_LOADS: Statement = {
  name: "reading_queue_loads",
  text: /* sql */ `
  select r.action, sum(line.length + backing_off.length)::int as total,
         min(least(heads.since, backing_off.since)) as oldest, min(heads.since_first_try) as "oldestFirstTry"
    from route r cross join ${LINE}
   cross join lateral (
     select count(*)::int as length, min(t.created_at) as since
       from task_run t where t.route_id = r.id and t.status = 'backing_off') backing_off
   cross join ${HEADS}
   where r.tenant_id = $1 and line.length + backing_off.length > 0
   group by r.action`,
};

/** What waits in lines or for the end of a back-off, by action. */
export async function listQueueLoads(db: Db, tenantId: Uuid): Promise<TaskLoad[]> {
  return db.query<TaskLoad>(QUEUE_LOADS, [tenantId]);
}

const RUNNING_LOADS: Statement = {
  name: "reading_running_loads",
  text: /* sql */ `
  select r.action, count(*)::int as total, min(t.assigned_at) as oldest,
         min(t.assigned_at) filter (where t.attempt = 1) as "oldestFirstTry"
    from task_run t join route r on r.id = t.route_id
   where t.tenant_id = $1 and t.status = 'assigned'
   group by r.action`,
};

/**
 * What is in the hands of workers, by action. No index leads to it, so this reads the hot table through; a replica that is
 * alone knows it without.
 */
export async function listRunningLoads(db: Db, tenantId: Uuid): Promise<TaskLoad[]> {
  return db.query<TaskLoad>(RUNNING_LOADS, [tenantId]);
}
