/** More than what a slow answer can make of the difference between two clocks. */
const JUMP_MS = 2000;

/**
 * The TypeScript twin of the SQL function helve_now(): the database's clock, offset of test mode included, as far as the
 * last renewal of the lease told. What decides is decided in SQL; this one says when to look.
 */
export class Clock {
  #skewMs = 0;
  readonly #onJump: (() => void)[] = [];

  /** ms since 1970. */
  now(): number {
    return Date.now() + this.#skewMs;
  }

  /**
   * ms of a clock that only goes forward and that nobody can set. For what this process itself observes, such as silence:
   * a database that fails over to a machine with another idea of the time must not make workers look dead.
   */
  steady(): number {
    return performance.now();
  }

  /** Calls back when the database's clock has been set: moments that were worked out before are wrong. */
  onJump(callback: () => void): void {
    this.#onJump.push(callback);
  }

  /** The database said `databaseNowMs` in answer to a statement sent at `sentAtMs` by this process's clock. */
  adjust(databaseNowMs: number, sentAtMs: number): void {
    const skewMs = databaseNowMs - (sentAtMs + Date.now()) / 2;
    const hasJumped = Math.abs(skewMs - this.#skewMs) > JUMP_MS;
    this.#skewMs = skewMs;
    if (hasJumped) for (const tell of this.#onJump) tell();
  }
}
