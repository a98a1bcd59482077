import type { Uuid } from "@helve/core";
import { columns, type Db, type Statement } from "../db.ts";

/** What makes a line that tasks stand in, within a tenant: action, slots, and where its tasks may run. */
export interface Line {
  action: string;
  /** Canonical JSON of the slots that each task takes on one worker, by kind. */
  slots: string;
  /** Of core's placementText. */
  placement: string;
}

export interface RouteRow extends Line {
  id: number;
  tenantId: Uuid;
  /** How long the row is there at least, from now; null: for ever. */
  keptForMs: number | null;
}

const COLUMNS = /* sql */ `
  r.id, r.tenant_id as "tenantId", r.action, r.slots, r.placement,
  (extract(epoch from r.expires_at - helve_now()) * 1000)::double precision as "keptForMs"`;

// Rows are written in one order, so that two that put the same routes do not wait for each other in a circle. One that
// has most of its time before it is only read.
const PUT_ROUTES: Statement = {
  name: "put_routes",
  text: /* sql */ `
  with wanted as (
    select action, slots, placement, case when bool_or(keep_ms is null) then null else max(keep_ms) end as keep_ms
      from unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) as w (action, slots, placement, keep_ms)
     group by action, slots, placement
  ), put as (
    insert into route as r (tenant_id, action, slots, placement, expires_at)
    select $1, action, slots, placement, helve_now() + keep_ms * interval '1 ms'
      from wanted order by action, slots, placement
    on conflict (tenant_id, action, slots, md5(placement)) do update set expires_at = excluded.expires_at
     where r.expires_at is not null
       and (excluded.expires_at is null or r.expires_at - helve_now() < (excluded.expires_at - helve_now()) * 0.7)
    returning r.*
  )
  select ${COLUMNS} from put r
  union all
  select ${COLUMNS} from route r join wanted using (action, slots, placement)
   where r.tenant_id = $1 and not exists (
     select from put where put.action = r.action and put.slots = r.slots and put.placement = r.placement)`,
};

/**
 * The routes of these lines, made where they are new and kept for as long as asked (`keepMs` null: for ever). Two replicas
 * that make one at once may need a second call.
 */
export async function putRoutes(
  db: Db,
  tenantId: Uuid,
  lines: readonly (Line & { keepMs: number | null })[],
): Promise<RouteRow[]> {
  return db.query<RouteRow>(PUT_ROUTES, [
    tenantId,
    lines.map((line) => line.action),
    lines.map((line) => line.slots),
    lines.map((line) => line.placement),
    lines.map((line) => line.keepMs),
  ]);
}

const LIST_ROUTES: Statement = {
  name: "list_routes",
  text: /* sql */ `
  select ${COLUMNS} from route r
   where (r.tenant_id, r.action) in (select * from unnest($1::uuid[], $2::text[]))
     and (r.expires_at is null or exists (select from task_run t where t.route_id = r.id and t.status = 'queued'))`,
};

/** The routes of these actions that definitions need or in whose lines somebody stands. */
export async function listRoutes(db: Db, actions: readonly { tenantId: Uuid; action: string }[]): Promise<RouteRow[]> {
  return db.query<RouteRow>(LIST_ROUTES, columns(actions, ["tenantId", "action"]));
}

const GET_ROUTES: Statement = {
  name: "get_routes",
  text: `select ${COLUMNS} from route r where r.id = any($1::int[])`,
};

export async function getRoutes(db: Db, ids: readonly number[]): Promise<RouteRow[]> {
  return ids.length === 0 ? [] : db.query<RouteRow>(GET_ROUTES, [ids]);
}

// Steps from one route to the next in the index, however many stand in each line.
const LIST_WAITING: Statement = {
  name: "list_waiting_routes",
  text: /* sql */ `
  with recursive waiting (id) as (
    (select route_id from task_run where status = 'queued' order by route_id limit 1)
    union all
    select next.route_id from waiting
     cross join lateral (
       select route_id from task_run where status = 'queued' and route_id > waiting.id order by route_id limit 1) next
  )
  select id from waiting`,
};

/** The routes in whose lines somebody stands, of all tenants. */
export async function listWaitingRoutes(db: Db): Promise<number[]> {
  return (await db.query<{ id: number }>(LIST_WAITING)).map((row) => row.id);
}

// The hot table has no index by route: it is read once, and only when something has expired.
const DELETE_EXPIRED: Statement = {
  name: "delete_expired_routes",
  text: /* sql */ `
  with expired as materialized (
    select id from route where expires_at < helve_now() order by expires_at limit 1000
  ), in_use as materialized (
    select distinct route_id from task_run where exists (select from expired)
  )
  delete from route r using expired
   where r.id = expired.id and r.expires_at < helve_now() and not exists (select from in_use where route_id = r.id)`,
};

/** Deletes routes that were made for wishes of single runs, are not asked for any more and have no task. */
export async function deleteExpiredRoutes(db: Db): Promise<void> {
  await db.query(DELETE_EXPIRED);
}
