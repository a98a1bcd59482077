import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { engineOf, takeEngineLock } from "./engine-lock.ts";
import { identify } from "./process-identity.ts";

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "helve-lock-"));
});
afterEach(() => rm(dataDir, { recursive: true }));

const writeLock = (content: object) => writeFile(join(dataDir, "engine.lock"), JSON.stringify(content));

test("gives the folder to one and names the holder to others", async () => {
  const lock = await takeEngineLock(dataDir);
  await expect(takeEngineLock(dataDir)).rejects.toThrow(
    `data folder ${dataDir} is in use by Helve engine pid ${process.pid}`,
  );
  expect(await engineOf(dataDir)).toMatchObject({ pid: process.pid });
  await lock.release();
  expect(await engineOf(dataDir)).toBeUndefined();
});

test("leaves nothing behind", async () => {
  const lock = await takeEngineLock(dataDir);
  await lock.release();
  await lock.release();
  expect(await readdir(dataDir)).toEqual([]);
});

test("takes over from a process that is gone", async () => {
  const child = spawn(process.execPath, ["--eval", ""]);
  const holder = { pid: child.pid, startedAt: identify(child.pid ?? 0)?.startedAt };
  await once(child, "exit");
  await writeLock(holder);
  const lock = await takeEngineLock(dataDir);
  expect(await engineOf(dataDir)).toMatchObject({ pid: process.pid });
  await lock.release();
});

test("takes over when the number belongs to another process now", async () => {
  await writeLock({ pid: process.pid, startedAt: "before the last restart" });
  await (await takeEngineLock(dataDir)).release();
});

test.each(["", "{", "null", '{"pid":"x"}'])("takes over from a broken file: %j", async (content) => {
  await writeFile(join(dataDir, "engine.lock"), content);
  await (await takeEngineLock(dataDir)).release();
});

test("gives a stale lock to exactly one of many", async () => {
  await writeLock({ pid: process.pid, startedAt: "before the last restart" });
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => takeEngineLock(dataDir)));
  const locks = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  expect(locks).toHaveLength(1);
  expect(JSON.parse(await readFile(join(dataDir, "engine.lock"), "utf8"))).toMatchObject({ pid: process.pid });
  await locks[0]?.release();
  expect(await readdir(dataDir)).toEqual([]);
});
