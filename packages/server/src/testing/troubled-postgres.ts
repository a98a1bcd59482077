import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
// biome-ignore lint/style/noRestrictedImports: the trouble is made where Postgres is
import { findViolations, migrate, openDatabase, type Violation } from "@helve/store";
// biome-ignore lint/style/noRestrictedImports: as above
import { type PostgresSettings, startPostgres } from "@helve/store/embedded";

/** A Postgres of its own for a test that maltreats it. */
export interface TroubledPostgres {
  readonly url: string;
  query<Row extends object>(text: string): Promise<Row[]>;
  /** Stops every process of it where it stands. @returns lets them go on */
  freeze(): Promise<() => void>;
  /** Ends it as a crash does. It is started again by whoever looks after it. @returns when another process runs */
  crash(): Promise<void>;
  violations(): Promise<Violation[]>;
  end(): Promise<void>;
}

/** @param parent of its data folder */
export async function troubledPostgres(
  parent: string = tmpdir(),
  settings: PostgresSettings = {},
): Promise<TroubledPostgres> {
  const dataDir = await mkdtemp(join(parent, "helve-trouble-"));
  const postgres = await startPostgres({ dataDir, settings: { fsync: false, full_page_writes: false, ...settings } });
  const url = postgres.databaseUrl;
  await migrate(url);
  const db = openDatabase({ url, maxConnections: 1, applicationName: "trouble" });
  return {
    url,
    query: (text) => db.query({ name: "", text }),
    async freeze() {
      // First the one that starts the others: none is missed then.
      process.kill(postgres.pid, "SIGSTOP");
      const pids = [postgres.pid, ...(await childrenOf(postgres.pid))];
      for (const pid of pids) process.kill(pid, "SIGSTOP");
      return () => {
        for (const pid of pids) process.kill(pid, "SIGCONT");
      };
    },
    async crash() {
      const before = postgres.pid;
      process.kill(before, "SIGQUIT");
      while (postgres.pid === before) await delay(20);
    },
    violations: () => findViolations(db),
    async end() {
      await db.close();
      await postgres.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function childrenOf(postmaster: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid="]);
  const all = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  return all.flatMap(([pid, parent]) => (parent === postmaster ? [pid as number] : []));
}
