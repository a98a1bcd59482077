import { setTimeout as pause } from "node:timers/promises";
import { type Fleet, isIdle, type Worker } from "../engine/workers.ts";
import { DONE, FAILED } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { slotsOf } from "../terminal/worker-table.ts";

interface Drain {
  readonly fleet: Fleet;
  /** They are paused already. */
  readonly chosen: readonly Worker[];
  readonly timeoutMs: number;
  readonly io: Io;
  readonly isJson: boolean;
}

const LOOK_MS = 500;

/** Waits until paused workers have nothing left, and says so of each. @returns 1 when the time is over before */
export async function drainWorkers({ fleet, chosen, timeoutMs, io, isJson }: Drain): Promise<number> {
  const endAt = performance.now() + timeoutMs;
  const drained: Worker[] = [];
  let left = chosen.map((worker) => worker.metadata.id);
  while (left.length > 0) {
    const now = await Promise.all(left.map((id) => fleet.get(id)));
    for (const worker of now.filter(isIdle)) {
      drained.push(worker);
      if (!isJson) io.out.write(`${worker.metadata.id} (${worker.name}) has nothing left\n`);
    }
    const busy = now.filter((worker) => !isIdle(worker));
    left = busy.map((worker) => worker.metadata.id);
    if (left.length > 0 && performance.now() > endAt) {
      for (const worker of busy) {
        io.err.write(`helve: ${worker.metadata.id} (${worker.name}) is paused and still busy: ${slotsOf(worker)}\n`);
      }
      break;
    }
    if (left.length > 0) await pause(LOOK_MS);
  }
  if (isJson) io.out.write(`${JSON.stringify({ rows: drained, busy: left }, undefined, 2)}\n`);
  return left.length === 0 ? DONE : FAILED;
}
