import type { Db, Statement } from "../db.ts";

/** A session that keeps vacuum from removing what has died in this database since its transaction began. */
export interface OldSnapshot {
  pid: number;
  /** What the program calls itself; empty when it does not say. */
  applicationName: string;
  user: string;
  /** As Postgres calls it: `idle in transaction`, `active`… */
  state: string;
  /** ms since 1970, by the database's clock: with the pid it names the transaction. */
  sinceMs: number;
  ageSeconds: number;
}

// A transaction under `read committed` that only reads holds a snapshot while a statement runs, and nothing when idle. The
// columns are null for sessions that this role may not look at.
const LIST_OLD: Statement = {
  name: "list_old_snapshots",
  text: /* sql */ `
  select pid, application_name as "applicationName", usename as "user", state,
         (extract(epoch from xact_start) * 1000)::double precision as "sinceMs",
         extract(epoch from clock_timestamp() - xact_start)::double precision as "ageSeconds"
    from pg_stat_activity
   where datname = current_database() and backend_type = 'client backend'
     and (backend_xmin is not null or backend_xid is not null)
     and xact_start < clock_timestamp() - $1 * interval '1 second'
   order by xact_start
   limit 100`,
};

/** Sessions of this database whose transaction has held a snapshot, or written, for longer than that; the oldest first. */
export async function listOldSnapshots(db: Db, olderThanSeconds: number): Promise<OldSnapshot[]> {
  return db.query<OldSnapshot>(LIST_OLD, [olderThanSeconds]);
}
