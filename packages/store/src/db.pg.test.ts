import { afterAll, beforeAll, expect, test } from "vitest";
import { type Database, openDatabase, type Statement } from "./db.ts";
import { type FreshDatabase, freshDatabase } from "./testing/index.ts";

let database: FreshDatabase;
let db: Database;
const statement = (text: string): Statement => ({ name: "", text });

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url, maxConnections: 2, applicationName: "db test", keyedAccess: true });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

test("a connection that Postgres ends between two statements fails its transaction, and nothing else", async () => {
  const cut = db.transaction(async (tx) => {
    const [row] = await tx.query<{ pid: number }>(statement("select pg_backend_pid() as pid"));
    await db.query(statement("select pg_terminate_backend($1)"), [row?.pid]);
    await expect
      .poll(() => db.query(statement("select from pg_stat_activity where pid = $1"), [row?.pid]))
      .toHaveLength(0);
    await tx.query(statement("select 1"));
  });
  await expect(cut).rejects.toMatchObject({ code: "unavailable" });
  expect(await db.query(statement("select 1 as one"))).toEqual([{ one: 1 }]);
});

test("a statement that is not answered in time fails, with what stood behind it, and its connection is replaced", async () => {
  const impatient = openDatabase({
    url: database.url,
    maxConnections: 1,
    applicationName: "impatient",
    statementTimeoutMs: 200,
  });
  const slow = impatient.transaction(async (tx) => {
    await Promise.all([tx.query(statement("select pg_sleep(30)")), tx.query(statement("select 1"))]);
  });
  await expect(slow).rejects.toMatchObject({ code: "unavailable" });
  expect(await impatient.query({ ...statement("select pg_sleep(0.5)::text"), timeoutMs: 5000 })).toHaveLength(1);
  await impatient.close();
});

test("a process that freezes in a transaction cannot keep its locks for long", async () => {
  const [row] = await db.query(statement("show idle_in_transaction_session_timeout"));
  expect(row).toEqual({ idle_in_transaction_session_timeout: "5s" });
});

test("a transaction that Postgres ended because it lay idle is worth repeating", async () => {
  const cut = db.transaction(async (tx) => {
    await tx.query(statement("set local idle_in_transaction_session_timeout = 50"));
    await expect
      .poll(() =>
        db.query(
          statement("select from pg_stat_activity where state like 'idle in%' and datname = current_database()"),
        ),
      )
      .toHaveLength(0);
    await tx.query(statement("select 1"));
  });
  await expect(cut).rejects.toMatchObject({ code: "unavailable" });
});

test("one that opens ahead has all of its connections soon after the first", async () => {
  const applicationName = "opens ahead";
  const ahead = openDatabase({ url: database.url, maxConnections: 5, applicationName, opensAhead: true });
  await ahead.query(statement("select 1"));
  const count = statement(`select from pg_stat_activity where application_name = '${applicationName}'`);
  await expect.poll(() => db.query(count)).toHaveLength(5);
  await ahead.close();
  await expect.poll(() => db.query(count)).toHaveLength(0);
});

test("one that opens ahead can be closed at once", async () => {
  const ahead = openDatabase({ url: database.url, maxConnections: 5, applicationName: "hasty", opensAhead: true });
  await ahead.query(statement("select 1"));
  await ahead.close();
});
