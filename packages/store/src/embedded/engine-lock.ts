import { randomBytes } from "node:crypto";
import { link, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { HelveError } from "@helve/core";
import { identify, isSameProcess, type ProcessIdentity } from "./process-identity.ts";

/**
 * One engine at a time looks after a data folder. Its `engine.lock` names the process; Postgres' own lock file cannot
 * stand in for it, because an embedded Postgres outlives an engine that is killed, and is then adopted by the next.
 *
 * - The file appears whole: it is written elsewhere and linked into place, which fails when there is one already.
 * - It is stale when its process is gone, or is another one by its start time. Removing a stale one is itself done by
 *   one process at a time, under `engine.lock.removing`, after a second look: otherwise a slow process could remove the
 *   new lock of a fast one.
 */
export interface EngineLock {
  /** Gives the folder free. May be called twice. */
  release(): Promise<void>;
}

/** Longer than anyone needs to remove a file; a marker older than this was left by a process that died there. */
const REMOVAL_LIMIT_MS = 10_000;

/** @throws HelveError `failed_precondition` when another live engine has the folder */
export async function takeEngineLock(dataDir: string): Promise<EngineLock> {
  const path = join(dataDir, "engine.lock");
  const content = `${JSON.stringify({ ...identify(process.pid), nonce: randomBytes(6).toString("hex") })}\n`;
  while (!(await createWhole(path, content))) {
    const holder = await readHolder(path);
    if (holder && isSameProcess(holder)) {
      throw new HelveError(
        "failed_precondition",
        `data folder ${dataDir} is in use by Helve engine pid ${holder.pid}; stop it or choose another folder`,
      );
    }
    await removeStale(path);
  }
  return {
    async release(): Promise<void> {
      if ((await readText(path)) === content) await rm(path, { force: true });
    },
  };
}

/** The live engine that has this data folder, if any. */
export async function engineOf(dataDir: string): Promise<ProcessIdentity | undefined> {
  const holder = await readHolder(join(dataDir, "engine.lock"));
  return holder && isSameProcess(holder) ? holder : undefined;
}

async function createWhole(path: string, content: string): Promise<boolean> {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  await writeFile(draft, content, { mode: 0o644 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function removeStale(path: string): Promise<void> {
  const marker = `${path}.removing`;
  if (!(await createWhole(marker, ""))) {
    const made = await stat(marker).catch(() => undefined);
    if (made && Date.now() - made.mtimeMs > REMOVAL_LIMIT_MS) await rm(marker, { force: true });
    else await delay(20);
    return;
  }
  try {
    const holder = await readHolder(path);
    if (!holder || !isSameProcess(holder)) await rm(path, { force: true });
  } finally {
    await rm(marker, { force: true });
  }
}

/** Undefined when there is no lock, or one that no engine of ours can have written. */
async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    const { pid, startedAt } = JSON.parse((await readText(path)) ?? "") as ProcessIdentity;
    return Number.isInteger(pid) ? { pid, startedAt } : undefined;
  } catch {
    return undefined;
  }
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}
