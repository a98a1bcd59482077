import { realpath } from "node:fs/promises";
import { HelveError } from "@helve/core";
import pg from "pg";
import { ensureCluster, writeSettings } from "./cluster.ts";
import { chooseDataDir, type DataFolder, openDataFolder } from "./data-folder.ts";
import { DATABASE, databaseUrl, fitsSocket, type ServerAddress } from "./database-url.ts";
import { takeEngineLock } from "./engine-lock.ts";
import { freePort, isPortFree } from "./free-port.ts";
import { type Installation, prepareInstallation } from "./installation.ts";
import { becomesTrue } from "./poll.ts";
import { endOrphans, findPostmaster, launchPostmaster, type Postmaster, stopPostmaster } from "./postmaster.ts";
import { DEFAULT_SETTINGS, type PostgresSettings } from "./settings.ts";
import { SILENT, type StartLogger } from "./start-logger.ts";
import { supervise } from "./supervisor.ts";

export interface StartOptions {
  /** @default what {@link chooseDataDir} says */
  dataDir?: string;
  /**
   * Port on 127.0.0.1; 0 takes any that is free.
   * @default 0
   */
  port?: number;
  /** Laid over {@link DEFAULT_SETTINGS}; without effect on a Postgres that is adopted. */
  settings?: PostgresSettings;
  logger?: StartLogger;
}

/** A Postgres that is being looked after: when it dies it is started again, under the same URL. */
export interface EmbeddedPostgres {
  readonly databaseUrl: string;
  readonly dataDir: string;
  /** The postmaster; another number after it died and was started again. */
  readonly pid: number;
  /** Whether it was running already, left by an engine that was killed. */
  readonly adopted: boolean;
  /** Shuts it down and gives the data folder free. May be called twice. Connections should be closed before. */
  stop(): Promise<void>;
}

/**
 * Starts the embedded database, or takes over the one that a killed engine left running, and makes the database
 * `helve` in it. Migrating it is up to the caller.
 *
 * @throws HelveError `failed_precondition` when the data folder cannot be used or another engine has it, or when the
 *   port is taken; `unavailable` when Postgres does not start
 */
export async function startPostgres(options: StartOptions = {}): Promise<EmbeddedPostgres> {
  const { port = 0, settings = {}, logger = SILENT } = options;
  const folder = await openDataFolder(options.dataDir ?? (await chooseDataDir()));
  const lock = await takeEngineLock(folder.path);
  try {
    const installation = await prepareInstallation(folder.account);
    const { password } = await ensureCluster(folder, installation);
    await writeSettings(folder, { ...DEFAULT_SETTINGS, ...settings });
    // Postgres knows the folder by its real path, and processes are recognised by it.
    const place = { ...folder, pgData: await realpath(folder.pgData) };
    const adopted = await adoptPostmaster(place, password, port, logger);
    const postmaster = adopted ?? (await startPostmaster(place, installation, port, logger));
    const url = databaseUrl(postmaster.address, password);
    await ensureDatabase(url, databaseUrl(postmaster.address, password, "postgres")).catch(async (error: unknown) => {
      await stopPostmaster(place.pgData, postmaster.pid);
      throw error;
    });
    const life = supervise({ folder: place, installation, postmaster, logger });
    return {
      databaseUrl: url,
      dataDir: folder.path,
      get pid() {
        return life.pid();
      },
      adopted: adopted !== undefined,
      async stop() {
        await life.stop();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function startPostmaster(
  folder: DataFolder,
  installation: Installation,
  port: number,
  logger: StartLogger,
): Promise<Postmaster> {
  if (port !== 0 && !(await isPortFree(port))) throw portTaken(port);
  const address = {
    port: port || (await freePort()),
    socketDir: fitsSocket(folder.runDir) ? folder.runDir : undefined,
  };
  const postmaster = await launchAt(folder, installation, address, port !== 0, logger);
  logger.info(`PostgreSQL ${installation.version} runs as process ${postmaster.pid}, data in ${folder.path}`);
  return postmaster;
}

/** Tries again where the reason is known and can be gone the next time. */
async function launchAt(
  folder: DataFolder,
  installation: Installation,
  wanted: ServerAddress,
  isPortFixed: boolean,
  logger: StartLogger,
): Promise<Postmaster> {
  let address = wanted;
  let failure: string | undefined;
  for (let attempt = 0; attempt < 5; attempt++) {
    const result = await launchPostmaster(folder, installation, address, { logger });
    if ("pid" in result) return result;
    failure = result.message;
    if (result.kind === "port" && isPortFixed) throw portTaken(address.port);
    if (result.kind === "port") address = { ...address, port: await freePort() };
    // Some file systems, shared folders of virtual machines above all, hold no sockets.
    else if (result.kind === "socket" && address.socketDir !== undefined)
      address = { ...address, socketDir: undefined };
    else if (result.kind === "orphans") await endOrphans(folder.pgData);
    else break;
  }
  throw new HelveError("unavailable", `PostgreSQL does not start: ${failure}; its log is ${folder.logFile}`);
}

async function adoptPostmaster(
  { pgData, path }: DataFolder,
  password: string,
  port: number,
  logger: StartLogger,
): Promise<Postmaster | undefined> {
  // It may be starting or stopping just now: another engine was killed while it did that.
  await becomesTrue(async () => (await findPostmaster(pgData))?.isReady !== false, { everyMs: 20, limitMs: 60_000 });
  const running = await findPostmaster(pgData);
  if (!running) return undefined;
  const isWanted = port === 0 || port === running.address.port;
  if (isWanted && running.isReady && (await serves(running.address, password, pgData))) {
    logger.info(`PostgreSQL was still running as process ${running.pid} and is taken over, data in ${path}`);
    return { pid: running.pid, address: running.address };
  }
  logger.warn(`PostgreSQL process ${running.pid}, left by an earlier engine, is stopped and started anew`);
  await stopPostmaster(pgData, running.pid);
  return undefined;
}

async function serves(address: ServerAddress, password: string, pgData: string): Promise<boolean> {
  try {
    const rows = await query(databaseUrl(address, password, "postgres"), "show data_directory");
    return rows[0]?.data_directory === pgData;
  } catch {
    return false;
  }
}

async function ensureDatabase(url: string, maintenanceUrl: string): Promise<void> {
  try {
    await query(url, "select 1");
  } catch (error) {
    const INVALID_CATALOG_NAME = "3D000";
    if ((error as { code?: string }).code !== INVALID_CATALOG_NAME) throw unreachable(error);
    await query(maintenanceUrl, `create database ${DATABASE}`).catch((failure: unknown) => {
      throw unreachable(failure);
    });
  }
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    application_name: "helve-start",
  });
  client.on("error", () => {});
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

function portTaken(port: number): HelveError {
  return new HelveError("failed_precondition", `port ${port} on 127.0.0.1, meant for PostgreSQL, is taken`);
}

function unreachable(error: unknown): HelveError {
  return new HelveError("unavailable", `PostgreSQL started but does not serve: ${(error as Error).message}`, {
    cause: error,
  });
}
