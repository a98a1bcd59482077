import { setTimeout } from "node:timers/promises";

const TURN_MS = 20;

/**
 * Lets a process run a part of the time only, by stopping it for the rest of every 20 ms: it stands in for a machine that much
 * slower, where there is none to measure on.
 *
 * @param share of the time, above 0 and below 1
 * @returns lets it run freely again
 */
export function throttle(pid: number, share: number): () => Promise<void> {
  const end = new AbortController();
  const turning = turn(pid, share, end.signal);
  return async () => {
    end.abort();
    await turning;
  };
}

async function turn(pid: number, share: number, signal: AbortSignal): Promise<void> {
  try {
    while (!signal.aborted) {
      process.kill(pid, "SIGSTOP");
      await setTimeout(TURN_MS * (1 - share));
      process.kill(pid, "SIGCONT");
      await setTimeout(TURN_MS * share);
    }
  } catch {
    // It has ended.
  }
}
