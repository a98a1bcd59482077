import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Io } from "../io.ts";

/**
 * Where the engine of this machine may keep its data, likeliest first. The engine itself decides (chooseDataDir of the
 * store, and a test holds the two together); to ask it would mean to load a database driver for the sake of a path.
 */
export function dataDirs(env: Io["env"], given: string | undefined): string[] {
  const named = given ?? (env.HELVE_DATA_DIR || undefined);
  if (named !== undefined) return [resolve(named)];
  const wanted = join(env.XDG_DATA_HOME || join(homedir(), ".local", "share"), "helve");
  // For root, whose home the database's own user may not enter.
  return [wanted, join("/var/lib/helve/data", createHash("sha256").update(wanted).digest("hex").slice(0, 12))];
}
