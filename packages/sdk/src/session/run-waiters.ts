import type { helve } from "@helve/contracts";
import type { HelveError } from "../errors.ts";

/** Whoever waits for the end of a run. Exactly one of the two is called, once. */
export interface RunWaiter {
  ended(run: helve.RunEnded): void;
  /** The result cannot be had. */
  failed(error: HelveError): void;
}

/** Who waits for which run. Nearly always it is one, so a list is made for the second only. */
export class RunWaiters {
  readonly #byRun = new Map<string, RunWaiter | RunWaiter[]>();

  get size(): number {
    return this.#byRun.size;
  }

  /** @returns whether nobody waited for this run before */
  add(runId: string, waiter: RunWaiter): boolean {
    const present = this.#byRun.get(runId);
    if (present === undefined) this.#byRun.set(runId, waiter);
    else if (Array.isArray(present)) present.push(waiter);
    else this.#byRun.set(runId, [present, waiter]);
    return present === undefined;
  }

  /** The waiter no longer cares; it is not called. */
  remove(runId: string, waiter: RunWaiter): void {
    const present = this.#byRun.get(runId);
    if (present === waiter) this.#byRun.delete(runId);
    else if (Array.isArray(present)) {
      const rest = present.filter((other) => other !== waiter);
      if (rest.length === 0) this.#byRun.delete(runId);
      else this.#byRun.set(runId, rest);
    }
  }

  /** Takes out those who wait for a run. Undefined: nobody. */
  take(runId: string): RunWaiter | RunWaiter[] | undefined {
    const present = this.#byRun.get(runId);
    if (present !== undefined) this.#byRun.delete(runId);
    return present;
  }

  runIds(): string[] {
    return [...this.#byRun.keys()];
  }

  /** Tells everyone that there will be no result, and forgets them. */
  failAll(error: HelveError): void {
    const all = [...this.#byRun.values()].flat();
    this.#byRun.clear();
    for (const waiter of all) waiter.failed(error);
  }
}
