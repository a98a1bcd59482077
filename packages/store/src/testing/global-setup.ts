import { rm } from "node:fs/promises";
import { type PostgresSettings, startPostgres } from "../embedded/index.ts";
import { TEST_SERVER_URL } from "./fresh-database.ts";
import { makeServerFolder, sweepAbandonedServers } from "./server-folder.ts";

/**
 * A test server is thrown away at the end, so nothing has to survive a power cut. Without autovacuum no plan and no
 * duration depends on who came by when.
 */
const TEST_SETTINGS: PostgresSettings = {
  fsync: false,
  synchronous_commit: false,
  full_page_writes: false,
  autovacuum: false,
  max_connections: 200,
  shared_buffers: "128MB",
  // The folder may lie in memory.
  min_wal_size: "64MB",
  max_wal_size: "512MB",
};

/** Starts one Postgres for the whole run of tests, unless one is named in the environment. */
export default async function setup(): Promise<() => Promise<void>> {
  if (process.env[TEST_SERVER_URL]) return async () => {};
  await sweepAbandonedServers();
  const dataDir = await makeServerFolder();
  const postgres = await startPostgres({ dataDir, settings: TEST_SETTINGS });
  process.env[TEST_SERVER_URL] = postgres.databaseUrl;
  return async () => {
    delete process.env[TEST_SERVER_URL];
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}
