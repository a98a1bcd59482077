import { setTimeout as pause } from "node:timers/promises";

/** Asks until the answer is yes. @returns whether it became yes in time; what the question throws counts as no */
export async function until(limitMs: number, isSo: () => boolean | Promise<boolean>, everyMs = 50): Promise<boolean> {
  for (const deadline = performance.now() + limitMs; performance.now() < deadline; await pause(everyMs)) {
    try {
      if (await isSo()) return true;
    } catch {
      // Not yet.
    }
  }
  return false;
}
