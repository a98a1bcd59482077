import { newId, type Uuid } from "@helve/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { insertLogLines } from "../log-lines/log-lines.ts";
import { type ReadingFixture, readingFixture } from "./reading-fixture.ts";
import type { LogFilter } from "./task-history.ts";

let fixture: ReadingFixture;
const taskId = newId();

beforeAll(async () => {
  fixture = await readingFixture();
  const line = (message: string, level: string, attempt: number) => ({
    tenantId: fixture.tenantId,
    taskId,
    attempt,
    level,
    message,
    metadata: '{"k":1}',
  });
  await insertLogLines(fixture.db, [line("first line", "INFO", 1)]);
  await insertLogLines(fixture.db, [line("an Err line", "ERROR", 1)]);
  await insertLogLines(fixture.db, [line("50% of_all", "WARN", 2)]);
});
afterAll(() => fixture.drop());

async function lines(filter: Partial<LogFilter> = {}, id: Uuid = taskId): Promise<string[]> {
  const found = await fixture.reading.listLogLines(fixture.tenantId, id, { order: "asc", limit: 100, ...filter });
  return found.map((line) => line.message);
}

test("gives lines in order of time, either way", async () => {
  expect(await lines()).toEqual(["first line", "an Err line", "50% of_all"]);
  expect(await lines({ order: "desc", limit: 2 })).toEqual(["50% of_all", "an Err line"]);
  expect(await lines({}, newId())).toEqual([]);
});

test("searches text in either case, and takes wildcards for text", async () => {
  expect(await lines({ search: "ERR" })).toEqual(["an Err line"]);
  expect(await lines({ search: "%" })).toEqual(["50% of_all"]);
  expect(await lines({ search: "f_a" })).toEqual(["50% of_all"]);
});

test("narrows by level and attempt", async () => {
  expect(await lines({ levels: ["ERROR", "WARN"] })).toEqual(["an Err line", "50% of_all"]);
  expect(await lines({ attempt: 2 })).toEqual(["50% of_all"]);
});

test("the time of a line, given back as a border, leaves that line out", async () => {
  const [, second] = await fixture.reading.listLogLines(fixture.tenantId, taskId, { order: "asc", limit: 100 });
  expect(second?.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  expect(await lines({ since: second?.at })).toEqual(["50% of_all"]);
  expect(await lines({ until: second?.at })).toEqual(["first line"]);
});
