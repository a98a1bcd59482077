import type { Clock } from "../clock.ts";

/** After a stall of this process, or a restart, silence proves nothing for a while. */
export const NO_VERDICTS_MS = 30_000;
const STALL_MS = 2000;

/**
 * Whether the silence of workers proves anything. A process that stood still has not read what they said meanwhile, and its
 * own clocks tell it so: its ticks came late.
 */
export class OwnStalls {
  readonly #clock: Clock;
  #lastTickMs = 0;
  #noVerdictsBeforeMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(): void {
    this.#lastTickMs = performance.now();
  }

  /** To be called much more often than a stall lasts. */
  tick(): void {
    const isLate = this.#isLate();
    this.#lastTickMs = performance.now();
    if (isLate) this.#noVerdictsBeforeMs = this.#clock.steady() + NO_VERDICTS_MS;
  }

  mayJudgeSilence(): boolean {
    // At the end of a stall, what came meanwhile may be read before the next tick.
    return !this.#isLate() && this.#clock.steady() >= this.#noVerdictsBeforeMs;
  }

  #isLate(): boolean {
    return performance.now() - this.#lastTickMs > STALL_MS;
  }
}
