import { setTimeout as pause } from "node:timers/promises";

/**
 * Asks again and again until there is an answer. For things only polling can see (files, the REST API); everything that
 * announces itself is awaited by its announcement.
 *
 * @param what named in the error when time runs out
 * @param look answers `undefined` for "not yet"; what it throws counts as that too, and ends up as the error's cause
 * @returns the first answer that is not `undefined`
 */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  look: () => Promise<T | undefined>,
  everyMs = 25,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const answer = await look();
      if (answer !== undefined) return answer;
      cause = undefined;
    } catch (error) {
      if (error instanceof ProgramEnded) throw error;
      cause = error;
    }
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`, { cause });
    await pause(everyMs);
  }
}

/** Thrown where waiting on makes no sense, since the program that would bring the answer is gone. */
export class ProgramEnded extends Error {
  override name = "ProgramEnded";
}
