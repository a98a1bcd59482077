/**
 * The TypeScript twin of the SQL function helve_now(): the database's clock, offset of test mode included, as far as the
 * last renewal of the lease told. What decides is decided in SQL; this one says when to look.
 */
export class Clock {
  #skewMs = 0;

  /** ms since 1970. */
  now(): number {
    return Date.now() + this.#skewMs;
  }

  /** The database said `databaseNowMs` in answer to a statement sent at `sentAtMs` by this process's clock. */
  adjust(databaseNowMs: number, sentAtMs: number): void {
    this.#skewMs = databaseNowMs - (sentAtMs + Date.now()) / 2;
  }
}
