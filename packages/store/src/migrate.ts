import { readdir, readFile } from "node:fs/promises";
import { HelveError } from "@helve/core";
import pg from "pg";
import { connectionString } from "./connection-string.ts";
import { createPartitions } from "./partitions/partitions.ts";

const MIGRATIONS = new URL("../migrations/", import.meta.url);
/** Any constant does, as long as every replica takes the same: they migrate one after the other. */
const ADVISORY_LOCK = 0x48656c7665;

/**
 * Brings a database to the schema of this build: plain SQL files in their order, each in a transaction of its own and
 * once. Replicas that start together wait for each other under an advisory lock.
 *
 * @throws HelveError `unavailable` when the database cannot be reached, `failed_precondition` when it is older than
 *   PostgreSQL 15 or was migrated by a newer build
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const client = await connect(databaseUrl).catch((error: Error) => {
    throw new HelveError("unavailable", `no connection to the database: ${error.message}`, { cause: error });
  });
  try {
    await requireVersion(client);
    await client.query("select pg_advisory_lock($1)", [ADVISORY_LOCK]);
    await applyMissing(client);
    await createPartitions({ query: async ({ text }) => (await client.query(text)).rows });
  } finally {
    await client.end();
  }
}

/** Rejects as well for parameters of the URL that cannot be used, such as the name of a file that is not there. */
async function connect(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: connectionString(databaseUrl),
    application_name: "helve-migrate",
  });
  await client.connect();
  return client;
}

/** Names and contents of the migrations, in order. */
export async function readMigrations(): Promise<{ name: string; sql: string }[]> {
  const names = (await readdir(MIGRATIONS)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(names.map(async (name) => ({ name, sql: await readFile(new URL(name, MIGRATIONS), "utf8") })));
}

async function requireVersion(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_version_num: string }>("show server_version_num");
  const version = Number(rows[0]?.server_version_num);
  if (version < 150000) {
    throw new HelveError("failed_precondition", `PostgreSQL 15 or newer is needed; this one is ${version}`);
  }
}

async function applyMissing(client: pg.Client): Promise<void> {
  await client.query(
    "create table if not exists helve_migration (name text primary key, applied_at timestamptz not null default now())",
  );
  const { rows } = await client.query<{ name: string }>("select name from helve_migration");
  const applied = new Set(rows.map((row) => row.name));
  const migrations = await readMigrations();
  const unknown = [...applied].find((name) => !migrations.some((migration) => migration.name === name));
  if (unknown) {
    throw new HelveError("failed_precondition", `the database was migrated by a newer Helve (it has ${unknown})`);
  }
  for (const { name, sql } of migrations) {
    if (applied.has(name)) continue;
    await client.query("begin");
    try {
      await client.query(sql);
      await client.query("insert into helve_migration (name) values ($1)", [name]);
      await client.query("commit");
    } catch (error) {
      await client.query("rollback");
      throw new HelveError("internal", `migration ${name} failed: ${(error as Error).message}`, { cause: error });
    }
  }
}
