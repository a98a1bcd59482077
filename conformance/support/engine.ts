import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "./eventually.ts";
import { Program } from "./program.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What the ready file says: where an engine listens, and the token that lets a client in. */
export interface EngineAddress {
  /** `host:port`, as in the token. */
  grpcAddress: string;
  /** Base of the REST API, no slash at the end. */
  httpUrl: string;
  token: string;
  tenantId: string;
  databaseUrl: string;
  pid: number;
  /** What clients of it are told beside the token. @default that it speaks plaintext */
  environment?: Record<string, string>;
}

/** An engine process of the tests, with its own embedded database. */
export interface RunningEngine {
  readonly address: EngineAddress;
  readonly dataDir: string;
  /** Epoch ms at which the ready file was seen. */
  readonly readyAt: number;
  /** SIGTERM; SIGKILL when it is still there after 10 s. Resolves to how long it took, in ms. */
  stop(): Promise<number>;
  /** SIGKILL: the engine dies on the spot, its database server does not. */
  kill(): Promise<void>;
  /** The next engine on the same data and the same ports. The present one must have ended. */
  startAgain(): Promise<RunningEngine>;
  /** Ends everything and removes the data. May be called more than once. */
  dispose(): Promise<void>;
}

interface StartOptions {
  /** Folder whose sub-folder `data` becomes the data directory; a temporary one unless given. */
  folder?: string;
  /** Ports to take; free ones unless given. */
  ports?: { grpc: number; http: number };
  /** How else it is configured. */
  environment?: Record<string, string>;
}

/** Starts one engine from source and waits until it has written its ready file. */
export async function startEngine(options: StartOptions = {}): Promise<RunningEngine> {
  const folder = options.folder ?? (await temporaryFolder());
  const readyFile = join(folder, "ready.json");
  await rm(readyFile, { force: true });
  const program = Program.start({
    title: "engine",
    command: process.execPath,
    args: ["--conditions=source", "--import", "tsx", "packages/server/src/main.ts", "serve", "--ready-file", readyFile],
    cwd: ROOT,
    env: {
      HELVE_DATA_DIR: join(folder, "data"),
      HELVE_GRPC_PORT: String(options.ports?.grpc ?? 0),
      HELVE_HTTP_PORT: String(options.ports?.http ?? 0),
      ...options.environment,
    },
    // The engine leads the life of a daemon: an open standard input is not what keeps it alive.
    watchParent: false,
  });
  const address = await eventually("the engine's ready file", 60_000, async () => {
    program.assertAlive();
    return existsSync(readyFile) ? parseReadyFile(await readFile(readyFile, "utf8")) : undefined;
  }).catch(async (error: unknown) => {
    await program.end();
    await endDatabase(folder);
    throw error;
  });
  return runningEngine(program, folder, address);
}

function runningEngine(program: Program, folder: string, address: EngineAddress): RunningEngine {
  return {
    address,
    dataDir: join(folder, "data"),
    readyAt: Date.now(),
    async stop() {
      const startedAt = Date.now();
      program.signal("SIGTERM");
      await program.endedWithin(10_000);
      await program.end();
      return Date.now() - startedAt;
    },
    async kill() {
      await program.end();
    },
    startAgain() {
      return startEngine({ folder, ports: { grpc: portOf(address.grpcAddress), http: portOf(address.httpUrl) } });
    },
    async dispose() {
      program.signal("SIGTERM");
      await program.endedWithin(10_000);
      await program.end();
      await endDatabase(folder);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A folder under the system's temporary one that the database server's own user may enter. */
async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "helve-conformance-"));
  await chmod(folder, 0o755);
  return folder;
}

/** The file is written in one piece or not, but a reader may come between: half a file counts as none. */
function parseReadyFile(text: string): EngineAddress | undefined {
  try {
    return JSON.parse(text) as EngineAddress;
  } catch {
    return undefined;
  }
}

function portOf(address: string): number {
  return Number(new URL(address.includes("://") ? address : `grpc://${address}`).port);
}

/**
 * Ends the embedded database server of an engine that was killed and never started again. Its process id stands in the
 * first line of `postmaster.pid`; SIGINT is a fast shutdown.
 */
async function endDatabase(folder: string): Promise<void> {
  for (const place of ["data", "data/postgres", "data/pg", "data/database"]) {
    const pidFile = join(folder, place, "postmaster.pid");
    const pid = existsSync(pidFile) ? Number((await readFile(pidFile, "utf8")).split("\n")[0]) : 0;
    if (!(pid > 0)) continue;
    try {
      process.kill(pid, "SIGINT");
    } catch {
      continue;
    }
    await eventually("the end of the database server", 10_000, async () => !existsSync(pidFile) || undefined);
  }
}
