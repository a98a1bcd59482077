import { readdir, realpath, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineOf } from "../embedded/engine-lock.ts";
import { findPostmaster, stopPostmaster } from "../embedded/postmaster.ts";

export const TEST_SERVER_PREFIX = "helve-test-";

/**
 * Ends test servers whose run was killed: an embedded Postgres outlives its engine, and nobody else would ever look
 * there again. A folder without a lock file is left alone; its run may be about to start.
 */
export async function sweepAbandonedServers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(TEST_SERVER_PREFIX)) continue;
    const dataDir = join(tmpdir(), name);
    try {
      await stat(join(dataDir, "engine.lock"));
      if (await engineOf(dataDir)) continue;
      const pgData = await realpath(join(dataDir, "postgres"));
      const left = await findPostmaster(pgData);
      if (left) await stopPostmaster(pgData, left.pid);
      await rm(dataDir, { recursive: true, force: true });
    } catch {
      // Half made, removed just now, or of another user.
    }
  }
}
