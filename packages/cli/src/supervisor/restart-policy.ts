/** How a copy that keeps ending by itself is treated. */
export interface RestartPolicy {
  /** Crashes in a row after which a copy is given up. */
  readonly maxCrashes: number;
  /** Who lived this long has not crashed in a row. */
  readonly stableMs: number;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Counts the crashes of one copy.
 *
 * The pause before the next start doubles from half a second to half a minute. A copy that stays up for `stableMs` starts
 * counting anew, and so does one that is replaced on purpose.
 */
export class CrashCounter {
  readonly #policy: RestartPolicy;
  #inARow = 0;

  constructor(policy: RestartPolicy) {
    this.#policy = policy;
  }

  /** @returns ms to wait before the next start; undefined when there shall be none */
  crashed(upMs: number): number | undefined {
    if (upMs >= this.#policy.stableMs) this.#inARow = 0;
    this.#inARow++;
    if (this.#inARow >= this.#policy.maxCrashes) return undefined;
    return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#inARow - 1));
  }

  reset(): void {
    this.#inARow = 0;
  }
}
