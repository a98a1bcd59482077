/** Sees to it that a stream never falls silent for longer than the engine allows. */
export class Heartbeat {
  #timer: NodeJS.Timeout | undefined;
  #isQuiet = true;

  /** Something was written. */
  noteWrite(): void {
    this.#isQuiet = false;
  }

  /**
   * Looks twice in each interval whether anything was written, so that no gap is longer than the interval.
   *
   * @param beat writes something; called when nothing was
   */
  start(intervalMs: number, beat: () => void): void {
    this.stop();
    if (intervalMs <= 0) return;
    this.#timer = setInterval(() => {
      if (this.#isQuiet) beat();
      this.#isQuiet = true;
    }, intervalMs / 2);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
