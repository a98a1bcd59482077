import { afterAll, beforeAll, expect, test } from "vitest";
import { plainArray, textArray } from "./array-parameters.ts";
import { type Database, openDatabase } from "./db.ts";
import { type FreshDatabase, freshDatabase } from "./testing/index.ts";

let database: FreshDatabase;
let db: Database;
beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url, maxConnections: 1, applicationName: "array-parameters" });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

async function echo(type: string, value: unknown): Promise<unknown> {
  const rows = await db.query<{ array: string }>({ name: "", text: `select to_json($1::${type}[])::text as array` }, [
    value,
  ]);
  return JSON.parse(rows[0]?.array as string);
}

test.each([
  [[]],
  [["a"]],
  [["", null, '{"key":"a\\\\b, {}"}', "NULL", " ä€😀\n\t'", "x".repeat(100_000)]],
  [[null, null]],
])("texts arrive as they are (%#)", async (values) => {
  expect(await echo("text", textArray(values))).toEqual(values);
});

test.each([
  ["uuid", []],
  ["uuid", ["01900000-0000-7000-8000-000000000000", null]],
  ["int", [1, null, -2_000_000_000]],
  ["float8", [1.5, 1e21, null]],
  ["task_status", ["queued", "assigned"]],
])("values of type %s arrive as they are (%#)", async (type, values) => {
  expect(await echo(type, plainArray(values))).toEqual(values);
});
