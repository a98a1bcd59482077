import type { Db, Statement } from "../db.ts";

const DATABASE_IDENTITY: Statement = {
  name: "database_identity",
  text: /* sql */ `
  select s.system_identifier || '-' || d.oid as identity
    from pg_control_system() s, pg_database d where d.datname = current_database()`,
};

/** Names this database among all others, whatever address it is reached by: the same for a standby, another for a copy. */
export async function databaseIdentity(db: Db): Promise<string> {
  return ((await db.query<{ identity: string }>(DATABASE_IDENTITY))[0] as { identity: string }).identity;
}
