import type { Uuid } from "@helve/core";
import type { Db, Statement } from "../db.ts";

/** A line that tasks stand in: tenant, action and the slots that each takes on one worker. */
export interface RouteRow {
  id: number;
  tenantId: Uuid;
  action: string;
  /** Canonical JSON of the slots by kind. */
  slots: string;
}

const COLUMNS = `id, tenant_id as "tenantId", action, slots`;

const PUT_ROUTES: Statement = {
  name: "put_routes",
  text: /* sql */ `
  with wanted as (select distinct * from unnest($2::text[], $3::text[]) as w (action, slots)), added as (
    insert into route (tenant_id, action, slots) select $1, action, slots from wanted
    on conflict on constraint route_is_known do nothing
    returning id, tenant_id, action, slots
  )
  select ${COLUMNS} from added
  union all
  select r.id, r.tenant_id, r.action, r.slots from route r join wanted using (action, slots) where r.tenant_id = $1`,
};

/** The routes of these actions, made where they are new. Two replicas that make one at once may need a second call. */
export async function putRoutes(
  db: Db,
  tenantId: Uuid,
  routes: readonly { action: string; slots: string }[],
): Promise<RouteRow[]> {
  const values = [tenantId, routes.map((route) => route.action), routes.map((route) => route.slots)];
  return db.query<RouteRow>(PUT_ROUTES, values);
}

const LIST_ROUTES: Statement = {
  name: "list_routes",
  text: `select ${COLUMNS} from route where tenant_id = $1 and action = any($2::text[])`,
};

/** The known routes of these actions. */
export async function listRoutes(db: Db, tenantId: Uuid, actions: readonly string[]): Promise<RouteRow[]> {
  return db.query<RouteRow>(LIST_ROUTES, [tenantId, actions]);
}

const FIND_WAITING: Statement = {
  name: "find_waiting_routes",
  text: /* sql */ `
  select r.id from unnest($1::int[]) as r (id)
   where exists (select from task_run t where t.route_id = r.id and t.status = 'queued')`,
};

/** Which of these routes have somebody standing in line. */
export async function findWaitingRoutes(db: Db, routeIds: readonly number[]): Promise<number[]> {
  if (routeIds.length === 0) return [];
  return (await db.query<{ id: number }>(FIND_WAITING, [routeIds])).map((row) => row.id);
}
