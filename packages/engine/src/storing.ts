import { HelveError } from "@helve/core";

/** After so long without another try, the last one says nothing any more. */
const SPEAKS_MS = 10_000;

/**
 * Whether what callers ask for is being stored, judged by how the last of it went. The lease does not tell: where the disk is
 * full, it is renewed in place as long as nothing new can be written.
 */
export class Storing {
  #trouble: { reason: string; atMs: number } | undefined;

  /** @param stored resolves when something was stored; rejects with `unavailable` when that was given up */
  async watch<Result>(stored: Promise<Result>): Promise<Result> {
    try {
      const result = await stored;
      this.#trouble = undefined;
      return result;
    } catch (error) {
      if (error instanceof HelveError && error.code === "unavailable") {
        this.#trouble = { reason: error.message, atMs: performance.now() };
      }
      throw error;
    }
  }

  /** Why the last was not stored. Undefined when it was, or when nobody has asked for some time. */
  trouble(): string | undefined {
    if (this.#trouble && performance.now() - this.#trouble.atMs > SPEAKS_MS) this.#trouble = undefined;
    return this.#trouble && `nothing is stored: ${this.#trouble.reason}`;
  }
}
