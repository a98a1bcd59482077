import { realpathSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { HelveError, invalidArgument, isUuid, newId } from "@helve/core";
import {
  type DatabaseOptions,
  getValidToken,
  insertApiToken,
  listApiTokens,
  migrate,
  openDatabase,
  putSigningKey,
  putTenant,
  revokeApiToken,
} from "@helve/store";
import { startPostgres } from "@helve/store/embedded";
import { listBacklogs, openReading } from "@helve/store/reading";
import type { Logger } from "pino";
import { Closers } from "./closers.ts";
import { type Config, checkConfig, DEFAULTS, readConfig } from "./config.ts";
import { growHeapFreely } from "./heap-growth.ts";
import { createLog } from "./log.ts";
import { describeOptions } from "./options.ts";
import { explainFailure, runUntilSignal } from "./process.ts";
import { type Running, type Storage, serveOn } from "./serve.ts";
import { type TokenAdmin, tokenAdminOn } from "./token-admin.ts";

export interface ServeOptions extends Partial<Config> {
  /** @default on standard error, at `logLevel` */
  log?: Logger;
}

/**
 * Starts a server: the embedded database unless another is named, the engine, and everything that listens. This file alone
 * knows the store, and wires it to the rest.
 *
 * @throws HelveError with one sentence for what stands in the way; nothing is left running then
 */
export async function serve(options: ServeOptions = {}): Promise<Running> {
  growHeapFreely();
  const { log: givenLog, ...given } = options;
  const config: Config = { ...DEFAULTS, ...given };
  checkConfig(config);
  const log = givenLog ?? createLog(config.logLevel);
  const closers = new Closers(log);
  try {
    const storage = await openStorage(config, log, closers);
    return await serveOn({ storage, config, log, closers });
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/**
 * Opens the database for work on API tokens: the one that is named, or the embedded one, which must not be an engine's.
 *
 * @throws HelveError as {@link serve} does
 */
export async function openTokenAdmin(config: Config): Promise<TokenAdmin> {
  const log = createLog(config.logLevel);
  const closers = new Closers(log);
  try {
    const storage = await openStorage(config, log, closers);
    const { engineDb, tenantId } = storage;
    const rows = {
      list: () => listApiTokens(engineDb, tenantId),
      revoke: async (id: string) => isUuid(id) && revokeApiToken(engineDb, id, tenantId),
    };
    return await tokenAdminOn(storage, rows, config, closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/**
 * Brings the database that is named, or the embedded one, to a schema, and ends.
 *
 * @param to number of the migration to end at, forth or back; default: the last of this build
 * @throws HelveError as {@link serve} does, and for a migration that there is not
 */
export async function migrateDatabase(config: Config, to?: number): Promise<void> {
  const log = createLog(config.logLevel);
  const closers = new Closers(log);
  try {
    await openPostgres(config, log, closers, to);
  } finally {
    await closers.close();
  }
}

/** A list that somebody looks at may take longer than work. */
const READING_TIMEOUT_MS = 15_000;
/**
 * Connections for work; those for the lease, which work must not hold up, the second one for when the first hangs; and those
 * for lists that people look at, which must not hold work up.
 */
const ENGINE_CONNECTIONS = 8;
const LEASE_CONNECTIONS = 2;
const READING_CONNECTIONS = 4;

async function openStorage(config: Config, log: Logger, closers: Closers): Promise<Storage> {
  const { url, directUrl, dataDir, isEmbedded, schema } = await openPostgres(config, log, closers);
  const open = (
    name: string,
    options: Pick<DatabaseOptions, "maxConnections" | "keyedAccess" | "opensAhead" | "statementTimeoutMs">,
  ) => {
    const db = openDatabase({ url, applicationName: `helve-${name}`, ...options });
    closers.add(`database connections of ${name}`, () => db.close());
    return db;
  };
  const engineDb = open("engine", { maxConnections: ENGINE_CONNECTIONS, keyedAccess: true, opensAhead: true });
  const leaseDb = open("lease", { maxConnections: LEASE_CONNECTIONS, keyedAccess: true });
  const readingDb = open("reading", {
    maxConnections: READING_CONNECTIONS,
    statementTimeoutMs: READING_TIMEOUT_MS,
  });
  const tenant = await putTenant(engineDb, { id: newId(), name: "default", slug: "default" });
  return {
    databaseUrl: url,
    directUrl,
    dataDir,
    isEmbedded,
    schema,
    engineDb,
    leaseDb,
    tenantId: tenant.id,
    tokens: {
      insertToken: (token) => insertApiToken(engineDb, token),
      isValid: async (token) => (await getValidToken(engineDb, token)) !== undefined,
      revoke: ({ id, tenantId }) => revokeApiToken(engineDb, id, tenantId),
    },
    signingKey: (proposed) => putSigningKey(engineDb, proposed),
    reading: openReading(readingDb, engineDb),
    listBacklogs: () => listBacklogs(readingDb),
  };
}

interface OpenPostgres {
  url: string;
  directUrl: string;
  dataDir: string | undefined;
  isEmbedded: boolean;
}

/** A migrated database: the one that is named, or the embedded one. @param to as of {@link migrateDatabase} */
async function openPostgres(
  config: Config,
  log: Logger,
  closers: Closers,
  to?: number,
): Promise<OpenPostgres & { schema: number }> {
  const opened =
    config.databaseUrl === undefined
      ? await openEmbedded(config, log, closers)
      : await openNamed(config, config.databaseUrl);
  const { schema, newer } = await migrate(opened.directUrl, { to });
  if (newer.length > 0)
    log.warn({ migrations: newer }, "a newer version has migrated the database; going on beside it");
  return { ...opened, schema };
}

async function openEmbedded({ dataDir }: Config, log: Logger, closers: Closers): Promise<OpenPostgres> {
  const postgres = await startPostgres({ ...(dataDir !== undefined && { dataDir }), logger: log });
  closers.add("embedded database", () => postgres.stop());
  const url = postgres.databaseUrl;
  return { url, directUrl: url, dataDir: postgres.dataDir, isEmbedded: true };
}

async function openNamed({ dataDir, directDatabaseUrl }: Config, url: string): Promise<OpenPostgres> {
  const folder = dataDir === undefined ? undefined : resolve(dataDir);
  if (folder !== undefined) {
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: Error) => {
      throw new HelveError("failed_precondition", `cannot use the data folder ${folder}: ${error.message}`);
    });
  }
  return { url, directUrl: directDatabaseUrl ?? url, dataDir: folder, isEmbedded: false };
}

const USAGE = `Usage: helve-server [serve | migrate] [flags]

  serve    run the engine until a signal ends it (the default)
  migrate  bring the database to the schema of this build, and end

Flags, each with the environment variable that says the same:
${describeOptions()}
`;

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    process.stdout.write(USAGE);
    return 0;
  }
  const hasCommand = args[0] !== undefined && !args[0].startsWith("-");
  const command = hasCommand ? args[0] : "serve";
  const flags = hasCommand ? args.slice(1) : args;
  if (command === "serve") return runUntilSignal(async () => serve(readConfig(flags, process.env)));
  if (command === "migrate") return migrateOnly(flags).then(() => 0, explainFailure);
  return explainFailure(invalidArgument(`there is no command '${command}': commands are serve and migrate`));
}

async function migrateOnly(flags: readonly string[]): Promise<void> {
  await migrateDatabase(readConfig(flags, process.env));
}

function isEntry(): boolean {
  const script = process.argv[1];
  return script !== undefined && realpathSync(script) === import.meta.filename;
}

if (isEntry()) process.exitCode = await main(process.argv.slice(2));
