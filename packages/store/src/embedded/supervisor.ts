import { setTimeout as delay } from "node:timers/promises";
import type { DataFolder } from "./data-folder.ts";
import type { Installation } from "./installation.ts";
import { rotateLog } from "./log-file.ts";
import { launchPostmaster, type Postmaster, stopPostmaster } from "./postmaster.ts";
import { answersSignals, isPostgresOf } from "./process-identity.ts";
import type { StartLogger } from "./start-logger.ts";

export interface Supervision {
  /** The process now, or the last one while none runs. */
  pid(): number;
  stop(): Promise<void>;
}

export interface SuperviseOptions {
  folder: DataFolder;
  installation: Installation;
  postmaster: Postmaster;
  logger: StartLogger;
}

/** Looking costs a few file reads. An adopted process is not our child, so nobody tells us when it ends. */
const LOOK_EVERY_MS = 200;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
const ROTATE_EVERY_LOOKS = (15 * 60 * 1000) / LOOK_EVERY_MS;

/**
 * Looks after a running postmaster: when it ends without us, it is started again under the same address, so that pools
 * find it at their next attempt. That is tried until it works or `stop` is called.
 */
export function supervise({ folder, installation, postmaster, logger }: SuperviseOptions): Supervision {
  const stopping = new AbortController();
  let current = postmaster;

  async function watch(): Promise<void> {
    for (let looks = 1; await pause(LOOK_EVERY_MS); looks++) {
      if (!isRunning()) await revive();
      if (looks % ROTATE_EVERY_LOOKS === 0) await rotateLog(folder.logFile).catch(() => {});
    }
  }

  function isRunning(): boolean {
    // Elsewhere the full check starts a process, too much for five times a second.
    return process.platform === "linux" ? isPostgresOf(current.pid, folder.pgData) : answersSignals(current.pid);
  }

  async function revive(): Promise<void> {
    logger.error(
      `PostgreSQL process ${current.pid} ended unexpectedly and is started again; its log is ${folder.logFile}`,
    );
    for (let pauseMs = FIRST_PAUSE_MS; !stopping.signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const result = await launchPostmaster(folder, installation, current.address, {
        logger,
        signal: stopping.signal,
      }).catch((error: Error) => error);
      if ("pid" in result) {
        current = result;
        logger.info(`PostgreSQL runs again as process ${current.pid}`);
        return;
      }
      if (stopping.signal.aborted) return;
      logger.error(`PostgreSQL does not start: ${result.message}`);
      await pause(pauseMs);
    }
  }

  /** Returns false when it is time to stop. Does not keep a program alive that has nothing else to do. */
  async function pause(ms: number): Promise<boolean> {
    await delay(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
    return !stopping.signal.aborted;
  }

  const watching = watch();
  let stopped: Promise<void> | undefined;

  async function stop(): Promise<void> {
    stopping.abort();
    await watching;
    await stopPostmaster(folder.pgData, current.pid);
  }

  return {
    pid: () => current.pid,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}
