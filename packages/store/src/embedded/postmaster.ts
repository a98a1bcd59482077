import { spawn } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { HelveError } from "@helve/core";
import { spawnOptions } from "./cluster.ts";
import type { DataFolder } from "./data-folder.ts";
import type { ServerAddress } from "./database-url.ts";
import type { Installation } from "./installation.ts";
import { openLog, readLogFrom, reasonInLog } from "./log-file.ts";
import { becomesTrue } from "./poll.ts";
import { readPostmasterFile } from "./postmaster-file.ts";
import { answersSignals, isAlive, isPostgresOf, postgresProcessesOf } from "./process-identity.ts";
import type { StartLogger } from "./start-logger.ts";

/**
 * The main process of a running Postgres. It is the leader of a session of its own, so a Ctrl-C at the terminal reaches
 * us alone and we decide when it stops; and it lives on when we are killed.
 *
 *   none ──launch──► starting ──► ready ──stop──► none          killed: its backends notice and leave, one by one
 *                       ▲                           │           (those in the middle of a statement do not)
 *                       └── recovery ◄──────────────┘ killed
 *
 * A new one must not start while backends of a killed one are left. Postgres checks that by the shared memory they
 * hold, and gives up; we end them first.
 */
export interface Postmaster {
  readonly pid: number;
  readonly address: ServerAddress;
}

/** How long each of the milder ways to stop may take. */
export interface StopLimits {
  readonly fastLimitMs?: number;
  readonly immediateLimitMs?: number;
}

/** Why a start failed, as far as the caller can do something about it. */
export type LaunchFailure = { readonly kind: "port" | "socket" | "orphans" | "other"; readonly message: string };

/** Recovery after a crash reads up to max_wal_size again; on a slow disk that takes a minute. */
const START_LIMIT_MS = 300_000;
const FAST_STOP_LIMIT_MS = 30_000;
/** Postgres itself kills what does not end within 5 s of that. */
const IMMEDIATE_STOP_LIMIT_MS = 7_000;
const KILL_LIMIT_MS = 5_000;

/** The postmaster of that folder if one lives, in whatever state. A lock file left by a dead one counts for nothing. */
export async function findPostmaster(
  pgData: string,
): Promise<(Postmaster & { readonly isReady: boolean; readonly isStopping: boolean }) | undefined> {
  const file = await readPostmasterFile(pgData);
  if (!file || !isPostgresOf(file.pid, pgData)) return undefined;
  return {
    pid: file.pid,
    address: { port: file.port ?? 0, socketDir: file.socketDir },
    isReady: file.status === "ready",
    isStopping: file.status === "stopping",
  };
}

/** Starts Postgres and waits until it takes connections; an abort ends it again. */
export async function launchPostmaster(
  folder: DataFolder,
  installation: Installation,
  address: ServerAddress,
  { logger, signal }: { logger: StartLogger; signal?: AbortSignal },
): Promise<Postmaster | LaunchFailure> {
  await clearLeftovers(folder);
  const log = await openLog(folder.logFile, folder.account);
  const { size: logStart } = await log.stat();
  const child = spawn(join(installation.folder, "bin", "postgres"), serverArguments(folder, address), {
    ...spawnOptions(folder.account),
    stdio: ["ignore", log.fd, log.fd],
    detached: true,
  });
  child.unref();
  let ended: string | undefined;
  child.once("error", (error) => {
    ended = error.message;
  });
  child.once("exit", (code, signal) => {
    ended ??= signal ? `it was ended by ${signal}` : `it ended with code ${code}`;
  });
  await log.close();

  const pid = child.pid ?? 0;
  const startedAt = performance.now();
  let nextNotice = 5000;
  await becomesTrue(
    async () => {
      if (performance.now() - startedAt > nextNotice) {
        logger.info(`PostgreSQL is still starting after ${nextNotice / 1000} s; it recovers after a crash`);
        nextNotice *= 2;
      }
      return ended !== undefined || signal?.aborted || (await isReady(folder.pgData, pid));
    },
    { everyMs: 10, limitMs: START_LIMIT_MS },
  );
  if (ended !== undefined) return classify(reasonInLog(await readLogFrom(folder.logFile, logStart)) ?? ended);
  if (await isReady(folder.pgData, pid)) return { pid, address };
  await stopPostmaster(folder.pgData, pid);
  const message = signal?.aborted ? "it was told to stop" : `it took longer than ${START_LIMIT_MS / 1000} s`;
  return { kind: "other", message };
}

/**
 * Ends a postmaster: first in an orderly way, in which running statements are broken off and all is written to disk,
 * then by force, after which the next start recovers from the log. Resolves when no process of it is left.
 */
export async function stopPostmaster(
  pgData: string,
  pid: number,
  { fastLimitMs = FAST_STOP_LIMIT_MS, immediateLimitMs = IMMEDIATE_STOP_LIMIT_MS }: StopLimits = {},
): Promise<void> {
  const steps = [
    { signal: "SIGINT", limitMs: fastLimitMs },
    { signal: "SIGQUIT", limitMs: immediateLimitMs },
    { signal: "SIGKILL", limitMs: KILL_LIMIT_MS },
  ] as const;
  for (const { signal, limitMs } of steps) {
    if (!isPostgresOf(pid, pgData)) break;
    sendSignal(pid, signal);
    if (await becomesTrue(() => !isAlive(pid), { everyMs: 10, limitMs })) break;
  }
  await endOrphans(pgData);
}

/**
 * Ends what is left of a killed postmaster. Backends notice by themselves that it is gone unless they are busy; their
 * transactions are lost either way, as nobody will hear of a commit.
 *
 * @throws HelveError `unavailable` when a process cannot be ended
 */
export async function endOrphans(pgData: string): Promise<void> {
  const steps = [
    { signal: undefined, limitMs: 500 },
    { signal: "SIGQUIT", limitMs: 2000 },
    { signal: "SIGKILL", limitMs: KILL_LIMIT_MS },
  ] as const;
  for (const { signal, limitMs } of steps) {
    const orphans = postgresProcessesOf(pgData);
    if (signal) for (const pid of orphans) sendSignal(pid, signal);
    if (await becomesTrue(() => orphans.every((pid) => !isAlive(pid)), { everyMs: 20, limitMs })) return;
  }
  const left = postgresProcessesOf(pgData);
  if (left.length === 0) return;
  throw new HelveError("unavailable", `processes ${left.join(", ")} of an earlier PostgreSQL in ${pgData} do not end`);
}

function serverArguments(folder: DataFolder, { port, socketDir }: ServerAddress): string[] {
  return [
    "-D",
    folder.pgData,
    ...["-c", `port=${port}`],
    ...["-c", "listen_addresses=127.0.0.1"],
    ...["-c", `unix_socket_directories=${socketDir === undefined ? "" : quoteListItem(socketDir)}`],
  ];
}

/** The setting is a list; a folder's name may hold commas and spaces. */
function quoteListItem(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/**
 * Removes a lock file whose number now belongs to a stranger, or to a zombie that nobody collects, as in a container
 * without an init: Postgres would take either for a postmaster. A lock file whose number is free stays, because Postgres
 * finds in it the shared memory that backends may still hold.
 */
async function clearLeftovers({ pgData, runDir }: DataFolder): Promise<void> {
  const file = await readPostmasterFile(pgData);
  if (file) {
    await endOrphans(pgData);
    if (answersSignals(file.pid)) await rm(join(pgData, "postmaster.pid"), { force: true });
  }
  for (const name of await readdir(runDir)) {
    if (name.startsWith(".s.PGSQL.")) await rm(join(runDir, name), { force: true });
  }
}

async function isReady(pgData: string, pid: number): Promise<boolean> {
  const file = await readPostmasterFile(pgData);
  return file?.pid === pid && file.status === "ready";
}

function classify(message: string): LaunchFailure {
  if (/TCP\/IP socket|Address already in use/i.test(message)) return { kind: "port", message };
  if (/Unix-domain socket|\.s\.PGSQL\./i.test(message)) return { kind: "socket", message };
  if (/shared memory block .* is still in use/i.test(message)) return { kind: "orphans", message };
  return { kind: "other", message };
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
