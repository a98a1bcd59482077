import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { migrate } from "./migrate.ts";
import { readMigrations } from "./migration-files.ts";
import { type CatalogEntry, obstaclesBetween, readCatalog } from "./testing/catalog.ts";
import { TEST_SERVER_URL } from "./testing/index.ts";

const migrations = await readMigrations();
const last = migrations.length;
const later = migrations.slice(1);
const SERVER = process.env[TEST_SERVER_URL] as string;

let url: string;
let client: pg.Client;

/** An empty database and a connection to it. */
async function emptyDatabase(): Promise<void> {
  const name = `migrate_${process.pid}`;
  await onServer(`drop database if exists ${name} with (force)`, `create database ${name}`);
  url = Object.assign(new URL(SERVER), { pathname: `/${name}` }).href;
  client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
}

async function dropDatabase(): Promise<void> {
  await client.end();
  await onServer(`drop database if exists migrate_${process.pid} with (force)`);
}

async function onServer(...statements: string[]): Promise<void> {
  const server = new pg.Client({ connectionString: SERVER });
  await server.connect();
  for (const statement of statements) await server.query(statement);
  await server.end();
}

/** A row in every table that a migration may have touched. */
async function fill(): Promise<void> {
  const id = (n: number) => `'01900000-0000-7000-8000-00000000000${n}'`;
  await client.query(`
    insert into tenant (id, name, slug) values (${id(1)}, 'one', 'one');
    insert into api_token (id, tenant_id, name, expires_at) values (${id(2)}, ${id(1)}, 'cli', now());
    insert into workflow (id, tenant_id, name) values (${id(3)}, ${id(1)}, 'orders');
    insert into workflow_version (id, tenant_id, workflow_id, ordinal, checksum, definition)
      values (${id(4)}, ${id(1)}, ${id(3)}, 1, '', '{}');
    insert into route (tenant_id, action, slots) values (${id(1)}, 'a', '{}');
    insert into worker (id, tenant_id, name, actions, slots) values (${id(5)}, ${id(1)}, 'w', '{a}', '{}');
    insert into task_run (id, tenant_id, version_id, route_id, status, priority, rank, schedule_timeout_ms,
                          execution_timeout_ms, created_at, deadline_at)
      values (${id(6)}, ${id(1)}, ${id(4)}, 1, 'backing_off', 1, 3, 1, 1, now(), now());
    insert into task_run_history (id, tenant_id, version_id, status, priority, attempt, failures, requeues, created_at,
                                  finished_at)
      values (${id(7)}, ${id(1)}, ${id(4)}, 'succeeded', 1, 1, 0, 0, now(), now());
    insert into workflow_run (id, tenant_id, version_id, priority, remaining, created_at, input, metadata)
      values (${id(8)}, ${id(1)}, ${id(4)}, 1, 1, now(), '{}', '{}')`);
}

/** Every row of the columns that these are, as text. */
async function rowsOf(columns: readonly CatalogEntry[]): Promise<Record<string, string[]>> {
  const rows: Record<string, string[]> = {};
  for (const table of new Set(columns.map(({ owner }) => owner))) {
    if (table === "helve_migration") continue;
    const names = columns.filter(({ owner }) => owner === table).map(({ definition }) => definition.split(" ")[0]);
    const text = `select row(${names.join(", ")})::text as text from ${table} order by 1`;
    rows[table] = (await client.query<{ text: string }>(text)).rows.map((row) => row.text);
  }
  return rows;
}

describe("every migration", () => {
  beforeAll(emptyDatabase);
  afterAll(dropDatabase);
  /** By version of the schema. */
  const catalogs: CatalogEntry[][] = [[]];

  test("leads to the next, and the first from nothing", async () => {
    for (const { number } of migrations) {
      await migrate(url, { to: number });
      catalogs[number] = await readCatalog(client);
      if (number === 1) await fill();
    }
    expect(catalogs[1]?.length).toBeGreaterThan(100);
  });

  test.each(later)("$name has a way back, which keeps the data, and can be taken again", async ({ number }) => {
    const [before = [], after = []] = [catalogs[number - 1], catalogs[number]];
    await migrate(url, { to: number });
    const columns = before.filter(({ kind }) => kind === "column");
    const rows = await rowsOf(columns);
    expect(Object.values(rows).filter(({ length }) => length > 0).length).toBeGreaterThan(7);

    await migrate(url, { to: number - 1 });
    expect(await readCatalog(client)).toEqual(before);
    expect(await rowsOf(columns)).toEqual(rows);

    await migrate(url, { to: number });
    expect(await readCatalog(client)).toEqual(after);
    expect(await rowsOf(columns)).toEqual(rows);
  });

  test.each(later)("$name leaves engines beside it what they use", ({ number, head: { enginesFrom } }) => {
    expect(enginesFrom).toBeLessThan(number);
    expect(obstaclesBetween(catalogs[enginesFrom] ?? [], catalogs[number] ?? [])).toEqual([]);
  });

  test.each(later)("$name locks what it says against writers, and nothing else", async ({ number, sql, head }) => {
    await migrate(url, { to: number - 1 });
    await client.query("begin");
    const tables = await client.query("select oid from pg_class where relkind in ('r', 'p')");
    await client.query(sql);
    const { rows } = await client.query<{ name: string }>(
      `select distinct c.relname as name from pg_locks l join pg_class c on c.oid = l.relation
        where l.pid = pg_backend_pid() and c.oid = any($1) and c.relnamespace = 'public'::regnamespace
          and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
        order by 1`,
      [tables.rows.map(({ oid }) => oid)],
    );
    await client.query("rollback");
    expect(rows.map(({ name }) => name)).toEqual(head.locks?.toSorted());
    expect(head.lockedFor).not.toBe("");
    expect(head.lost).toBeDefined();
  });
});

test("finds what stands in the way of engines of the version before", async () => {
  await emptyDatabase();
  await migrate(url);
  const before = await readCatalog(client);
  await client.query(`
    alter table tenant drop column slug;
    alter table worker alter column name type varchar(255);
    alter table worker add column zone text not null;
    alter table workflow add constraint short check (length(name) < 10);
    create unique index one_name on worker (name);
    create trigger noisy before insert on route for each row execute function suppress_redundant_updates_trigger();
    alter table route add column note text constraint short_note check (length(note) < 10);
    create index route_notes on route (note);
    create table other (id uuid primary key)`);
  const found = obstaclesBetween(before, await readCatalog(client));
  expect(found.map((line) => line.replace(/(: \w+ of \w+).*/, "$1")).sort()).toEqual([
    "gone or changed: column of tenant",
    "gone or changed: column of worker",
    "gone or changed: constraint of tenant",
    "gone or changed: index of tenant",
    "new: column of worker",
    "new: column of worker",
    "new: constraint of workflow",
    "new: index of worker",
    "new: trigger of route",
  ]);
  await dropDatabase();
});

describe("a database that a newer build has migrated", () => {
  beforeEach(async () => {
    await emptyDatabase();
    await migrate(url);
  });
  afterEach(dropDatabase);

  const newer = (enginesFrom: number | null) =>
    client.query("insert into helve_migration (name, engines_from) values ('9999_later.sql', $1)", [enginesFrom]);

  test("is gone on with when that leaves enough to this build, and it is said", async () => {
    await newer(last);
    expect(await migrate(url)).toMatchObject({ newer: ["9999_later.sql"] });
  });

  test.each([
    ["a schema that this build has not", last + 1, `is for engines with the schema ${last + 1} or later`],
    ["nobody knows which", null, "is for newer engines"],
  ])("is refused when it is for %s", async (_what, enginesFrom, reason) => {
    await newer(enginesFrom);
    await expect(migrate(url)).rejects.toMatchObject({
      code: "failed_precondition",
      message: expect.stringMatching(new RegExp(`9999_later.sql, which ${reason}, and this one has ${last}`)),
    });
  });

  test("is taken back only by a build that knows how", async () => {
    await newer(1);
    await expect(migrate(url, { to: 1 })).rejects.toThrow("only a build that has 9999_later.sql knows the way back");
  });
});

test("a migration waits for its locks in short turns, which let others pass", async () => {
  await emptyDatabase();
  await migrate(url, { to: 1 });
  const reader = new pg.Client({ connectionString: url });
  await reader.connect();
  await reader.query("begin; lock table api_token in access share mode");
  const isWaiting = async () => {
    const text = "select from pg_stat_activity where application_name = 'helve-migrate' and wait_event_type = 'Lock'";
    return (await client.query(text)).rowCount === 1;
  };
  const migrating = migrate(url, { to: 2 });
  await expect.poll(isWaiting, { timeout: 10_000, interval: 20 }).toBe(true);
  await expect.poll(isWaiting, { timeout: 10_000, interval: 20 }).toBe(false);
  // Would wait behind the migration, if that were still asking.
  await client.query("select from api_token");
  await reader.query("commit");
  await reader.end();
  expect(await migrating).toMatchObject({ newer: [] });
  await dropDatabase();
});

test.each([0, last + 1, 1.5])("there is no migration %d to go to", async (to) => {
  await emptyDatabase();
  await expect(migrate(url, { to })).rejects.toThrow(
    `there is no migration ${to}: they are numbered from 1 to ${last}`,
  );
  await dropDatabase();
});
