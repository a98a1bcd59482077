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
  name: "get_waiting_task_run",
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
   where t.id = $2 and t.tenant_id = $1`,
};

/** An unfinished task run, or undefined when it has ended or the tenant has none of that id. */
export async function getWaitingTaskRun(db: Db, tenantId: Uuid, id: Uuid): Promise<WaitingTaskRun | undefined> {
  return (await db.query<WaitingTaskRun>(GET_WAITING, [tenantId, id]))[0];
}
