import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The embedded database of a data folder, as far as its files tell. */
interface LocalDatabase {
  readonly pid: number;
  readonly port: number;
}

/**
 * The URL of the embedded database that runs in a data folder now, for work beside the engine that looks after it.
 * Undefined when none runs there.
 */
export function runningDatabaseUrl(dataDir: string): string | undefined {
  const database = runningDatabase(dataDir);
  if (!database) return undefined;
  const url = new URL(`postgresql://helve@127.0.0.1:${database.port}/helve?sslmode=disable`);
  url.password = readFileSync(join(dataDir, "postgres.password"), "utf8").trim();
  return url.href;
}

/**
 * Ends the embedded database of a folder without waiting for anything: SIGQUIT, its immediate shutdown, after which the
 * next start recovers from the log. For who has pressed Ctrl-C twice.
 */
export function endDatabaseAtOnce(dataDir: string): void {
  const database = runningDatabase(dataDir);
  if (database) process.kill(database.pid, "SIGQUIT");
}

/** Lines of the lock file: process, folder, start, port. Source: src/include/utils/pidfile.h of PostgreSQL. */
function runningDatabase(dataDir: string): LocalDatabase | undefined {
  try {
    const lines = readFileSync(join(dataDir, "postgres", "postmaster.pid"), "utf8").split("\n");
    const [pid, port] = [Number(lines[0]), Number(lines[3])];
    if (!(pid > 1) || !(port > 0)) return undefined;
    process.kill(pid, 0);
    return { pid, port };
  } catch {
    // There is no lock file, or its process has gone.
    return undefined;
  }
}
