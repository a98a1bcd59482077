import type { Worker } from "../api/workers.ts";
import { stateOf } from "./worker-state.ts";

/** How far workers are that somebody wants to stop. */
export interface DrainProgress {
  /** Paused, with tasks left. */
  readonly busy: readonly Worker[];
  /** Paused and idle. */
  readonly drained: readonly Worker[];
  /** Lost, or not known any more. */
  readonly gone: number;
  /** Somebody has resumed them. */
  readonly resumed: number;
}

/** @param ids of those that were told to drain @param workers as they are now */
export function drainProgress(ids: readonly string[], workers: readonly Worker[]): DrainProgress {
  const byId = new Map(workers.map((worker) => [worker.metadata.id, worker]));
  const meant = ids.flatMap((id) => byId.get(id) ?? []);
  const inState = (...states: string[]) => meant.filter((worker) => states.includes(stateOf(worker)));
  const lost = inState("lost").length + ids.length - meant.length;
  // One that is quarantined is given nothing either; its tasks are about to go elsewhere.
  const [busy, drained] = [inState("draining", "quarantined"), inState("paused")];
  return { busy, drained, gone: lost, resumed: ids.length - lost - busy.length - drained.length };
}
