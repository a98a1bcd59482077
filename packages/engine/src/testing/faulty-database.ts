import { HelveError } from "@helve/core";
import type { Database, Db, DbCounters, Statement } from "@helve/store";

/**
 * What happens at the statement that was chosen. A commit counts as a statement, and so does a statement that is its own
 * transaction; only for these two does it matter which side of it the connection breaks on.
 *
 * - `lost before`: the connection breaks and the statement is not carried out.
 * - `lost after`: it is carried out, and the connection breaks before the answer arrives.
 * - `undone`: Postgres undoes the transaction because of others, as after a deadlock.
 */
export type Fault = "lost before" | "lost after" | "undone";

/** A database that fails at the n-th statement from now: once, or from then on like a process that has died. */
export class FaultyDatabase implements Database {
  readonly counters: DbCounters;
  readonly #db: Database;
  #countdown = Number.POSITIVE_INFINITY;
  #name: string | undefined;
  #fault: Fault = "lost before";
  #isLasting = false;
  #meanwhile: () => Promise<void> = async () => {};
  #onFailed: () => void = () => {};
  #isDead = false;
  /** Name of the statement at which it failed. */
  failedAt: string | undefined;

  constructor(db: Database) {
    this.#db = db;
    this.counters = db.counters;
  }

  /**
   * @param point name of the statement at which it fails, or how many there are until then, from 1. Of a fault after the
   *   statement only those count that it matters for
   * @param options.isLasting nothing arrives afterwards
   * @param options.meanwhile what happens before it is noticed
   * @returns resolves when it fails
   */
  failAt(
    point: number | string,
    fault: Fault,
    options: { isLasting: boolean; meanwhile?: () => Promise<void> },
  ): Promise<void> {
    const { isLasting, meanwhile = async () => {} } = options;
    this.#meanwhile = meanwhile;
    this.failedAt = undefined;
    this.#countdown = typeof point === "number" ? point : Number.POSITIVE_INFINITY;
    this.#name = typeof point === "string" ? point : undefined;
    this.#fault = fault;
    this.#isLasting = isLasting;
    return new Promise((resolve) => {
      this.#onFailed = resolve;
    });
  }

  /** Whatever was to fail does not. */
  spare(): void {
    this.#countdown = Number.POSITIVE_INFINITY;
    this.#name = undefined;
  }

  /** No statement arrives any more. */
  die(): void {
    this.#isDead = true;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get hasFailed(): boolean {
    return this.failedAt !== undefined;
  }

  async query<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<Row[]> {
    const fault = this.#count(statement.name);
    if (fault && fault !== "lost after") throw this.#failure(fault, statement.name);
    const rows = await this.#db.query<Row>(statement, values);
    if (fault) await this.#meanwhile();
    if (fault || this.#isDead) throw this.#failure("lost after", statement.name);
    return rows;
  }

  async transaction<Result>(work: (tx: Db) => Promise<Result>): Promise<Result> {
    let isCommitLost = false;
    const result = await this.#db.transaction(async (tx) => {
      const worked = await work({
        query: async (statement, values) => {
          const fault = this.#count(statement.name, "in a transaction");
          if (fault) throw this.#failure(fault, statement.name);
          return tx.query(statement, values);
        },
      });
      const fault = this.#count("commit");
      if (fault && fault !== "lost after") throw this.#failure(fault, "commit");
      isCommitLost = fault === "lost after";
      return worked;
    });
    if (isCommitLost) await this.#meanwhile();
    if (isCommitLost || this.#isDead) throw this.#failure("lost after", "commit");
    return result;
  }

  close(): Promise<void> {
    return this.#db.close();
  }

  /** @returns what happens to this statement, if anything */
  #count(name: string, where?: "in a transaction"): Fault | undefined {
    if (this.#isDead) return "lost before";
    if (where && this.#fault === "lost after" && this.#name === undefined) return undefined;
    if (--this.#countdown > 0 && name !== this.#name) return undefined;
    this.spare();
    this.failedAt = name;
    this.#isDead = this.#isLasting;
    this.#onFailed();
    return this.#fault;
  }

  #failure(fault: Fault, statement: string): HelveError {
    const cause = fault === "undone" ? { code: "40P01" } : undefined;
    // A process that has died does not try again.
    const code = this.#isDead ? "internal" : "unavailable";
    return new HelveError(code, `the test ends «${statement}»: ${fault}`, { cause });
  }
}
