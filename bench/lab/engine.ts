import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { profiling, SERVER } from "./from-source.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const START_LIMIT_MS = 60_000;
const GRACE_MS = 15_000;

/** The engine under test, a process of its own. */
export interface BenchEngine {
  readonly pid: number;
  readonly token: string;
  readonly databaseUrl: string;
  /** From the start of the process to the moment when tasks can run, in ms. */
  readonly readyAfterMs: number;
  stop(): Promise<void>;
  /** Ends it on the spot, as a crash does. */
  kill(): Promise<void>;
}

/** For one that is to come back where it was. @default any that are free */
export interface EnginePorts {
  grpc: number;
  http: number;
}

/** Where its database is: a URL, or the folder of an embedded one of its own. */
export type EngineStorage = { databaseUrl: string } | { dataDir: string };

let started = 0;

export async function startEngine(
  storage: EngineStorage,
  ports: EnginePorts = { grpc: 0, http: 0 },
): Promise<BenchEngine> {
  const readyFile = join(tmpdir(), `helve-bench-${process.pid}-${++started}.json`);
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...profiling("engine"), ...SERVER, "serve", "--ready-file", readyFile], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...process.env,
      ...("databaseUrl" in storage ? { DATABASE_URL: storage.databaseUrl } : { HELVE_DATA_DIR: storage.dataDir }),
      HELVE_GRPC_PORT: String(ports.grpc),
      HELVE_HTTP_PORT: String(ports.http),
      HELVE_LOG_LEVEL: "warn",
    },
  });
  const said = collectTail(child);
  try {
    const ready = await untilReady(child, readyFile, said);
    const readyAfterMs = performance.now() - startedAt;
    return {
      pid: child.pid as number,
      token: ready.token,
      databaseUrl: ready.databaseUrl,
      readyAfterMs,
      async stop() {
        await end(child);
        await rm(readyFile, { force: true });
      },
      async kill() {
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
        await rm(readyFile, { force: true });
      },
    };
  } catch (error) {
    await end(child);
    throw error;
  }
}

interface Ready {
  token: string;
  databaseUrl: string;
}

async function untilReady(child: ChildProcess, readyFile: string, said: () => string): Promise<Ready> {
  for (const deadline = performance.now() + START_LIMIT_MS; performance.now() < deadline; ) {
    if (child.exitCode !== null) throw new Error(`the engine ended with ${child.exitCode}:\n${said()}`);
    const text = await readFile(readyFile, "utf8").catch(() => "");
    if (text !== "") return JSON.parse(text) as Ready;
    await setTimeout(5);
  }
  throw new Error(`the engine was not ready after ${START_LIMIT_MS} ms:\n${said()}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const limit = new AbortController();
  setTimeout(GRACE_MS, undefined, { signal: limit.signal }).then(
    () => child.kill("SIGKILL"),
    () => {},
  );
  await ended;
  limit.abort();
}

/** The last lines that the engine said, and all of its warnings on our own standard error. */
function collectTail(child: ChildProcess): () => string {
  let tail = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-4000);
    if (process.env.HELVE_BENCH_VERBOSE) process.stderr.write(text);
  });
  return () => tail;
}
