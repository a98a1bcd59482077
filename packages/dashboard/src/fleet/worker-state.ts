import type { Worker } from "../api/workers.ts";

/**
 * What a worker is, in one word; the most urgent first.
 *
 *   quarantined  connected, and given nothing as it confirms nothing
 *   late         connected, and silent for so long that it is given nothing new
 *   draining     paused, with tasks left
 *   paused       paused, with nothing left: it can be stopped
 *   fresh        works
 *   lost         not connected; the engine tells of it for a day
 */
export const WORKER_STATES = ["quarantined", "late", "draining", "paused", "fresh", "lost"] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

export function stateOf(worker: Worker): WorkerState {
  if (worker.liveness === "lost") return "lost";
  if (worker.quarantineReason !== undefined) return "quarantined";
  if (worker.status === "PAUSED") return (slotsOf(worker).used ?? 0) > 0 ? "draining" : "paused";
  return worker.liveness === "late" ? "late" : "fresh";
}

export function isConnected(worker: Worker): boolean {
  return worker.liveness !== "lost";
}

export interface Slots {
  /** Undefined when the engine could not count them. */
  readonly used: number | undefined;
  readonly limit: number;
}

/** The slots of all kinds together. */
export function slotsOf({ slotConfig }: Pick<Worker, "slotConfig">): Slots {
  return sumSlots(Object.values(slotConfig).map(({ available, limit }) => ({ used: usedOf(available, limit), limit })));
}

/** @returns `used` undefined when it is not known of one of them */
export function sumSlots(slots: readonly Slots[]): Slots {
  const add = (one: number | undefined, other: number | undefined) =>
    one === undefined || other === undefined ? undefined : one + other;
  return slots.reduce<Slots>((all, one) => ({ used: add(all.used, one.used), limit: all.limit + one.limit }), {
    used: 0,
    limit: 0,
  });
}

function usedOf(available: number | undefined, limit: number): number | undefined {
  return available === undefined ? undefined : limit - available;
}

/** How long nothing was heard of a worker, in ms; undefined when nothing ever was. @param atMs when its row was true */
export function silenceMs({ lastHeartbeatAt }: Pick<Worker, "lastHeartbeatAt">, atMs: number): number | undefined {
  // The answer's time is cut to a second, so a beat may be a little younger than it.
  return lastHeartbeatAt === undefined ? undefined : Math.max(0, atMs - Date.parse(lastHeartbeatAt));
}
