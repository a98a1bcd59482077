/** Sees to it that a stream never falls silent for longer than the engine allows. */
export class Heartbeat {
  #timer: NodeJS.Timeout | undefined;
  #isQuiet = true;

  /** Something was written. */
  noteWrite(): void {
    this.#isQuiet = false;
  }

  /**
   * Looks twice in each interval whether anything was written since the last look, so that no gap is longer than the
   * interval. A beat counts as written: with nothing else to say there is one an interval.
   *
   * @param beat writes something; called when nothing was
   */
  start(intervalMs: number, beat: () => void): void {
    this.stop();
    if (intervalMs <= 0) return;
    this.#timer = setInterval(() => {
      const wasQuiet = this.#isQuiet;
      this.#isQuiet = true;
      if (wasQuiet) beat();
    }, intervalMs / 2);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
