import { expect, test } from "vitest";
import { readHead, readMigrations } from "./migration-files.ts";

test("every migration is numbered, and says what it locks, who may be beside it, and what the way back costs", async () => {
  const migrations = await readMigrations();
  expect(migrations.map(({ number }) => number)).toEqual(migrations.map((_, i) => i + 1));
  for (const { name, number, back, head } of migrations) {
    expect([name, head.locks, head.lockedFor]).toEqual([name, expect.any(Array), expect.stringMatching(/\w/)]);
    if (number === 1) continue;
    expect([name, head.enginesFrom < number, head.lost, back]).toEqual([
      name,
      true,
      expect.stringMatching(/\w/),
      expect.stringMatching(/\w/),
    ]);
  }
});

test("reads the head of a migration", () => {
  const sql = [
    "-- What it is for.",
    "--",
    "-- Locks: task_run, worker for an instant.",
    "-- Beside: engines from 0003 on, which do without.",
    "-- Back: nothing is lost.",
    "alter table task_run add column x text;",
    "-- Locks: tenant for ever.",
  ].join("\n");
  expect(readHead(sql, 5)).toEqual({
    locks: ["task_run", "worker"],
    lockedFor: "for an instant.",
    enginesFrom: 3,
    lost: "nothing is lost.",
  });
});

test("a migration that says nothing is for engines that have it", () => {
  expect(readHead("select 1;", 5)).toEqual({ locks: undefined, lockedFor: "", enginesFrom: 5, lost: undefined });
});
