import type { Uuid } from "@helve/core";
import type { Db, Statement } from "../db.ts";
import type { UnfinishedStatus } from "./settle-task-runs.ts";

/** An unfinished task run as somebody sees it who asks why it does not run. */
export interface WaitingTaskRun {
  id: Uuid;
  tenantId: Uuid;
  versionId: Uuid;
  routeId: number;
  status: UnfinishedStatus;
  /** ms since 1970: given up then, or back in line then; null while it waits for parents. */
  deadlineMs: number | null;
  /** How many stand before it in its line, counted up to {@link COUNTED_AHEAD}; 0 when it is in none. */
  ahead: number;
}

/** Whoever has so many before it has many before it. */
export const COUNTED_AHEAD = 1000;

const GET_WAITING: Statement = {
  name: "get_waiting_task_runs",
  text: /* sql */ `
  select t.id, t.tenant_id as "tenantId", t.version_id as "versionId", t.route_id as "routeId", t.status,
         (extract(epoch from t.deadline_at) * 1000)::double precision as "deadlineMs",
         case when t.status = 'queued' then (
           select count(*)::int from (
             select from task_run b
              where b.route_id = t.route_id and b.status = 'queued' and (b.rank, b.age) < (t.rank, t.age)
              limit ${COUNTED_AHEAD}) before
         ) else 0 end as ahead
    from task_run t
   where t.id = any($2::uuid[]) and t.tenant_id = $1`,
};

/** Unfinished task runs by id; those that have ended, and ids that the tenant does not have, are left out. */
export async function getWaitingTaskRuns(
  db: Db,
  tenantId: Uuid,
  ids: readonly Uuid[],
): Promise<Map<Uuid, WaitingTaskRun>> {
  if (ids.length === 0) return new Map();
  const rows = await db.query<WaitingTaskRun>(GET_WAITING, [tenantId, ids]);
  return new Map(rows.map((row) => [row.id, row]));
}
