import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { identify, isAlive, isPostgresOf, isSameProcess } from "./process-identity.ts";

test("knows a process again", () => {
  const self = identify(process.pid);
  expect(self).toMatchObject({ pid: process.pid, startedAt: expect.any(String) });
  expect(self && isSameProcess(self)).toBe(true);
});

test("does not take a later process with the same number for it", () => {
  expect(isSameProcess({ pid: process.pid, startedAt: "long ago" })).toBe(false);
});

test("sees that a process is gone", async () => {
  const child = spawn(process.execPath, ["--eval", "process.stdin.resume()"]);
  const pid = child.pid ?? 0;
  expect(isAlive(pid)).toBe(true);
  child.stdin.end();
  await once(child, "exit");
  expect(isAlive(pid)).toBe(false);
});

test("takes no other program for the database", () => {
  expect(isPostgresOf(process.pid, process.cwd())).toBe(false);
});
