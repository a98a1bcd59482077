import pg from "pg";
import { afterAll, expect, test } from "vitest";
import { freshDatabase } from "./fresh-database.ts";

const databases = await Promise.all([freshDatabase(), freshDatabase()]);
afterAll(async () => {
  for (const database of databases) await database.drop();
});

async function query(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client.query(text).finally(() => client.end());
}

test("gives a database that is migrated", async () => {
  const { rows } = await query(databases[0].url, "select count(*)::int as count from helve_migration");
  expect(rows[0].count).toBeGreaterThan(0);
});

test("gives each caller a database of its own", async () => {
  await query(databases[0].url, "create table only_here ()");
  await expect(query(databases[1].url, "select from only_here")).rejects.toThrow(/does not exist/);
});

test("drops a database that somebody is still connected to", async () => {
  const database = await freshDatabase();
  const client = new pg.Client({ connectionString: database.url });
  client.on("error", () => {});
  await client.connect();
  await database.drop();
  await expect(query(database.url, "select 1")).rejects.toThrow(/does not exist/);
  await client.end();
});
