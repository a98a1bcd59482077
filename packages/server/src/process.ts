import { HelveError } from "@helve/core";
import type { Running } from "./serve.ts";

/** Signals that ask a process to end. */
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
/** One Ctrl-C arrives twice under npm: from the terminal, and passed on. People are slower. */
const SAME_SIGNAL_MS = 500;

/**
 * Runs a server as this process does: until a signal asks it to end, then in order; a second signal ends it at once. It
 * ends as well when the database has become too new for it.
 *
 * @param start starts the server
 * @returns the exit code: 1 when it did not start or could not go on, which one sentence on standard error explains
 */
export async function runUntilSignal(start: () => Promise<Running>): Promise<number> {
  const asked = untilSignal();
  try {
    const running = await start();
    await Promise.race([asked, running.outdated]).finally(() => running.stop());
    return 0;
  } catch (error) {
    return explainFailure(error);
  }
}

/** Says on standard error why something was not done. @returns the exit code for that */
export function explainFailure(error: unknown): number {
  process.stderr.write(`helve: ${sentence(error)}\n`);
  return 1;
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    let count = 0;
    let lastAt = Number.NEGATIVE_INFINITY;
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        const isSame = performance.now() - lastAt < SAME_SIGNAL_MS;
        lastAt = performance.now();
        if (isSame) return;
        count++;
        if (count > 1) process.exit(1);
        resolve();
      });
    }
  });
}

/** Our own errors say it in a sentence; of others the whole is needed to find out. */
function sentence(error: unknown): string {
  if (error instanceof HelveError && error.code !== "internal") return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
