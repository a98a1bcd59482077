import { afterAll, beforeAll, expect, test } from "vitest";
import { type Database, openDatabase } from "../db.ts";
import { type FreshDatabase, freshDatabase } from "../testing/index.ts";
import { databaseIdentity } from "./database-identity.ts";

let fresh: FreshDatabase;
let db: Database;

beforeAll(async () => {
  fresh = await freshDatabase();
  db = openDatabase({ url: fresh.url, maxConnections: 2, applicationName: "test" });
});
afterAll(async () => {
  await db.close();
  await fresh.drop();
});

test("a database has an identity that its neighbour has not, and a user without rights can read it", async () => {
  const identity = await databaseIdentity(db);
  const other = await freshDatabase();
  const neighbour = openDatabase({ url: other.url, maxConnections: 1, applicationName: "test" });
  expect(await databaseIdentity(neighbour)).not.toBe(identity);
  await neighbour.close();
  await other.drop();
  const role = `nobody_${process.pid}`;
  await db.query({ name: "", text: `create role ${role}` });
  const read = db.transaction(async (tx) => {
    await tx.query({ name: "", text: `set local role ${role}` });
    return databaseIdentity(tx);
  });
  expect(await read.finally(() => db.query({ name: "", text: `drop role ${role}` }))).toBe(identity);
});
