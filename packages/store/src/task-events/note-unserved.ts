import type { Db, Statement } from "../db.ts";

/** Why nobody takes the tasks of a route, and from where in its line that is to be noted. */
export interface UnservedNote {
  routeId: number;
  /** Begins the message, and tells one cause from another: a task that has an event of it gets no second one. */
  cause: string;
  message: string;
  /** Behind this place in the line. */
  afterRank: number;
  afterAge: number;
}

/** How far one line was gone through. */
export interface UnservedProgress {
  routeId: number;
  looked: number;
  lastRank: number;
  lastAge: number;
}

const NOTE_UNSERVED: Statement = {
  name: "note_unserved",
  text: /* sql */ `
  with looked as (
    select n.route_id, n.cause, n.message, t.*
      from unnest($1::int[], $2::text[], $3::text[], $4::int[], $5::bigint[])
             as n (route_id, cause, message, after_rank, after_age)
     cross join lateral (
       select id, tenant_id, attempt, rank, age from task_run
        where route_id = n.route_id and status = 'queued' and (rank, age) > (n.after_rank, n.after_age)
        order by rank, age limit $6
     ) t
  ), noted as (
    insert into task_event (tenant_id, task_id, attempt, kind, message)
    select tenant_id, id, attempt + 1, 'requeued_no_worker', message
      from looked
     where not exists (
       select from task_event e
        where e.task_id = looked.id and e.attempt = looked.attempt + 1 and e.kind = 'requeued_no_worker'
          and starts_with(e.message, looked.cause))
  )
  select route_id as "routeId", count(*)::int as looked,
         (max(array[rank, age]))[1]::int as "lastRank", (max(array[rank, age]))[2] as "lastAge"
    from looked group by route_id`,
};

/**
 * Puts on record why the tasks that stand in some lines are not taken: an event for each, once per attempt and cause.
 *
 * @param limit tasks of one line that are looked at
 * @returns how far each line was gone through; lines with nobody behind the given place are left out
 */
export async function noteUnserved(db: Db, notes: readonly UnservedNote[], limit: number): Promise<UnservedProgress[]> {
  return db.query(NOTE_UNSERVED, [
    notes.map((note) => note.routeId),
    notes.map((note) => note.cause),
    notes.map((note) => note.message),
    notes.map((note) => note.afterRank),
    notes.map((note) => note.afterAge),
    limit,
  ]);
}
