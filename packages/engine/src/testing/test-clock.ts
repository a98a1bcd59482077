import type { Database, Db, Statement } from "@helve/store";
import { Clock } from "../clock.ts";

/** A clock that a test moves: the database's for those who go through {@link withClock}, and the engines' with it. */
export class TestClock extends Clock {
  #offsetMs = 0;
  #steadyMs = 0;
  readonly #underWay = new Set<Promise<unknown>>();

  /** How far the database's clock has been moved. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  override steady(): number {
    return super.steady() + this.#steadyMs;
  }

  /** It is driven, not read from the database. */
  override adjust(): void {}

  /**
   * Sets the database's clock forward, and back with a negative number, at a moment when no statement is under way: one
   * that began before would decide by the old time about rows that were stored after.
   */
  async jump(ms: number): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    this.#offsetMs += ms;
    super.adjust(Date.now() + this.#offsetMs, Date.now());
  }

  /** Something that reads the database's clock is under way. */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    const working = work();
    this.#underWay.add(working);
    return working.finally(() => this.#underWay.delete(working));
  }

  /** Lets time pass for what engines observe themselves: the silence of workers. */
  wait(ms: number): void {
    this.#steadyMs += ms;
  }
}

const SET_OFFSET: Statement = {
  name: "set_clock_offset",
  text: "select set_config('helve.clock_offset', $1 || ' milliseconds', true)",
};

/** The same database under a test's clock: every statement runs in a transaction that begins by setting it. */
export function withClock(db: Database, clock: TestClock): Database {
  function moved<Result>(work: (tx: Db) => Promise<Result>): Promise<Result> {
    return db.transaction(async (tx) => {
      const set = tx.query(SET_OFFSET, [String(clock.offsetMs)]);
      const [result] = await Promise.all([work(tx), set]);
      return result;
    });
  }
  const isMoved = () => clock.offsetMs !== 0;
  return {
    counters: db.counters,
    query: <Row extends object>(statement: Statement, values?: readonly unknown[]) =>
      clock.during(() =>
        isMoved() ? moved((tx) => tx.query<Row>(statement, values)) : db.query<Row>(statement, values),
      ),
    transaction: (work) => clock.during(() => (isMoved() ? moved(work) : db.transaction(work))),
    close: () => db.close(),
  };
}
