import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Database, openDatabase } from "../db.ts";
import { type FreshDatabase, freshDatabase } from "../testing/index.ts";
import { listOldSnapshots } from "./old-snapshots.ts";

let database: FreshDatabase;
let db: Database;
beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url, maxConnections: 1, applicationName: "old-snapshots" });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

async function withSession(begin: string, work: (pid: number) => Promise<void>): Promise<void> {
  const session = new pg.Client({ connectionString: database.url, application_name: "forgotten" });
  await session.connect();
  try {
    const { rows } = await session.query<{ pid: number }>("select pg_backend_pid() as pid");
    await session.query(begin);
    await work(rows[0]?.pid as number);
  } finally {
    await session.end();
  }
}

test.each(["begin isolation level repeatable read; select 1", "begin; create table written (n int)"])(
  "names the session after «%s»",
  async (begin) => {
    await withSession(begin, async (pid) => {
      const found = (await listOldSnapshots(db, 0)).filter(({ applicationName }) => applicationName === "forgotten");

      expect(found).toEqual([expect.objectContaining({ pid, state: "idle in transaction", user: "helve" })]);
      expect(found[0]?.ageSeconds).toBeGreaterThan(0);
      expect(await listOldSnapshots(db, 3600)).toEqual([]);
    });
  },
);

test("a transaction that keeps nobody from anything is not mentioned", async () => {
  await withSession("begin; select 1", async () => {
    const names = (await listOldSnapshots(db, 0)).map(({ applicationName }) => applicationName);

    expect(names).not.toContain("forgotten");
  });
});
