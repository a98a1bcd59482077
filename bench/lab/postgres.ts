import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "@helve/store";
import { startPostgres } from "@helve/store/embedded";
import pg from "pg";

/** The one Postgres that everything in a run is measured on, with the settings that the engine's own would have. */
export interface BenchPostgres {
  readonly pid: number;
  /** An empty database of its own. @returns its URL */
  createDatabase(name: string): Promise<string>;
  /** The same, with the engine's schema. */
  createHelveDatabase(name: string): Promise<string>;
  dropDatabase(name: string): Promise<void>;
  /** Writes a checkpoint, so that no run pays for the pages that the one before it has changed. */
  settle(): Promise<void>;
  /** What `show` says of a setting. */
  setting(name: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startBenchPostgres(): Promise<BenchPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "helve-bench-"));
  // Run by root, Postgres is a system user of its own, who must get in.
  await chmod(folder, 0o755);
  const server = await startPostgres({
    dataDir: join(folder, "data"),
    // Loaded so that statements can be counted where a section asks for it; counting none costs nothing measurable.
    settings: { shared_preload_libraries: "pg_stat_statements", "pg_stat_statements.track": "none" },
  });
  const admin = new pg.Client({ connectionString: server.databaseUrl, application_name: "bench-admin" });
  admin.on("error", () => {});
  await admin.connect();
  await admin.query("create extension if not exists pg_stat_statements");

  const createDatabase = async (name: string): Promise<string> => {
    await admin.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
    await admin.query(`create database ${pg.escapeIdentifier(name)}`);
    const url = new URL(server.databaseUrl);
    url.pathname = `/${name}`;
    return url.href;
  };
  return {
    get pid() {
      return server.pid;
    },
    createDatabase,
    async createHelveDatabase(name) {
      const url = await createDatabase(name);
      await migrate(url);
      return url;
    },
    async dropDatabase(name) {
      await admin.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
    },
    async settle() {
      await admin.query("checkpoint");
    },
    async setting(name) {
      return (await admin.query<{ value: string }>("select current_setting($1) as value", [name])).rows[0]?.value ?? "";
    },
    async stop() {
      await admin.end();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
