import { mkdtemp, readdir, realpath, rm, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineOf } from "../embedded/engine-lock.ts";
import { findPostmaster, stopPostmaster } from "../embedded/postmaster.ts";

/**
 * Cloning a database makes a thousand files: 155 ms on ext4, 12 ms in memory. Containers often have a /dev/shm too small
 * for tests with large tables.
 */
const MEMORY_FOLDER = "/dev/shm";
const MEMORY_NEEDED_BYTES = 4 * 1024 ** 3;
const PREFIX = "helve-test-";

/** Makes a folder for a test server, in memory where there is room. */
export async function makeServerFolder(): Promise<string> {
  const memory = await statfs(MEMORY_FOLDER).catch(() => undefined);
  const hasRoom = memory !== undefined && memory.bavail * memory.bsize >= MEMORY_NEEDED_BYTES;
  return mkdtemp(join(hasRoom ? MEMORY_FOLDER : tmpdir(), PREFIX));
}

/**
 * Ends test servers whose run was killed: an embedded Postgres outlives its engine, and nobody else would ever look
 * there again. A folder without a lock file is left alone; its run may be about to start.
 */
export async function sweepAbandonedServers(): Promise<void> {
  for (const place of new Set([MEMORY_FOLDER, tmpdir()])) {
    for (const name of await readdir(place).catch(() => [])) {
      if (name.startsWith(PREFIX)) await sweep(join(place, name));
    }
  }
}

async function sweep(dataDir: string): Promise<void> {
  try {
    await stat(join(dataDir, "engine.lock"));
    if (await engineOf(dataDir)) return;
    const pgData = await realpath(join(dataDir, "postgres"));
    const left = await findPostmaster(pgData);
    if (left) await stopPostmaster(pgData, left.pid);
    await rm(dataDir, { recursive: true, force: true });
  } catch {
    // Half made, removed just now, or of another user.
  }
}
