import { HelveError } from "@helve/core";
import pg from "pg";
import { connectionString } from "./connection-string.ts";
import { type Migration, readMigrations } from "./migration-files.ts";
import { createPartitions } from "./partitions/partitions.ts";

export interface MigrateOptions {
  /**
   * Number of the migration to end at; later ones are taken back, the last first.
   * @default the last of this build
   */
  to?: number | undefined;
}

/** What a database is like after {@link migrate}. */
export interface Migrated {
  /** The last migration of this build. */
  readonly schema: number;
  /** Migrations of a newer build beside which this one may go on; usually none. */
  readonly newer: readonly string[];
}

/** Any constant does, as long as every replica takes the same: they migrate one after the other. */
const ADVISORY_LOCK = 0x48656c7665;
/**
 * A lock that is waited for keeps all that come later waiting too. So a migration asks for so long at most, and leaves the
 * engines beside it alone for a while before it asks again.
 */
const LOCK_TIMEOUT_MS = 1_000;
const PAUSE_MS = 1_000;
const TRIES = 60;

/**
 * Brings a database to the schema of this build: plain SQL files in their order, each in a transaction of its own and
 * once. Replicas that start together wait for each other under an advisory lock; those that run go on meanwhile, as each
 * migration leaves what the engines before it use.
 *
 * A newer build may have been here. What it has written beside its migrations says which engines may go on.
 *
 * @throws HelveError `unavailable` when the database cannot be reached or a lock is not to be had, `failed_precondition`
 *   when it is older than PostgreSQL 15, was migrated by a build that is too new, or cannot be brought to `to`
 */
export async function migrate(databaseUrl: string, { to }: MigrateOptions = {}): Promise<Migrated> {
  const client = await connect(databaseUrl).catch((error: Error) => {
    throw new HelveError("unavailable", `no connection to the database: ${error.message}`, { cause: error });
  });
  try {
    await requireVersion(client);
    await client.query("select pg_advisory_lock($1)", [ADVISORY_LOCK]);
    const migrated = await moveTo(client, await readMigrations(), to);
    await createPartitions({ query: async ({ text }) => (await client.query(text)).rows });
    return migrated;
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

async function requireVersion(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_version_num: string }>("show server_version_num");
  const version = Number(rows[0]?.server_version_num);
  if (version < 150000) {
    throw new HelveError("failed_precondition", `PostgreSQL 15 or newer is needed; this one is ${version}`);
  }
}

interface Applied {
  name: string;
  /** Null where an early build has written it. */
  engines_from: number | null;
}

async function moveTo(client: pg.Client, migrations: readonly Migration[], to: number | undefined): Promise<Migrated> {
  const last = migrations.at(-1)?.number ?? 0;
  const target = to ?? last;
  if (!migrations.some(({ number }) => number === target)) {
    throw new HelveError("failed_precondition", `there is no migration ${target}: they are numbered from 1 to ${last}`);
  }
  await client.query(
    "create table if not exists helve_migration (name text primary key, applied_at timestamptz not null default now())",
  );
  await client.query("alter table helve_migration add column if not exists engines_from integer");
  const { rows } = await client.query<Applied>("select name, engines_from from helve_migration order by name");
  const newer = rows.filter(({ name }) => !migrations.some((migration) => migration.name === name));
  requireBeside(newer, last);
  if (newer[0] && to !== undefined) {
    throw new HelveError("failed_precondition", `only a build that has ${newer[0].name} knows the way back from it`);
  }
  const applied = new Set(rows.map(({ name }) => name));
  for (const migration of migrations) {
    if (migration.number <= target && !applied.has(migration.name)) await apply(client, migration);
  }
  for (const migration of migrations.toReversed()) {
    if (migration.number > target && applied.has(migration.name)) await takeBack(client, migration);
  }
  return { schema: last, newer: newer.map(({ name }) => name) };
}

/** @throws HelveError when one of these leaves too little to an engine of this build */
function requireBeside(newer: readonly Applied[], last: number): void {
  const tooNew = newer.find(({ engines_from }) => engines_from === null || engines_from > last);
  if (tooNew === undefined) return;
  const from =
    tooNew.engines_from === null ? "newer engines" : `engines with the schema ${tooNew.engines_from} or later`;
  throw new HelveError(
    "failed_precondition",
    `the database was migrated by a newer Helve: it has ${tooNew.name}, which is for ${from}, and this one has ${last}`,
  );
}

async function apply(client: pg.Client, { name, sql, head }: Migration): Promise<void> {
  await inTransaction(client, name, async () => {
    await client.query(sql);
    await client.query("insert into helve_migration (name, engines_from) values ($1, $2)", [name, head.enginesFrom]);
  });
}

async function takeBack(client: pg.Client, { name, back }: Migration): Promise<void> {
  if (back === undefined) throw new HelveError("failed_precondition", `there is no way back from ${name}`);
  await inTransaction(client, name, async () => {
    await client.query(back);
    await client.query("delete from helve_migration where name = $1", [name]);
  });
}

async function inTransaction(client: pg.Client, name: string, work: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    await client.query("begin");
    try {
      await client.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await work();
      await client.query("commit");
      return;
    } catch (error) {
      await client.query("rollback");
      if (!isAboutLocks(error)) {
        throw new HelveError("internal", `migration ${name} failed: ${(error as Error).message}`, { cause: error });
      }
      if (tries === TRIES) {
        const message = `migration ${name} has tried ${tries} times for the locks that it needs; something holds them`;
        throw new HelveError("unavailable", message, { cause: error });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** A lock that was not to be had in time, or that engines and we had each begun to take from the other. */
function isAboutLocks(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "55P03" || code === "40P01";
}
