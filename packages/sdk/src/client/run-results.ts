import type { helve } from "@helve/contracts";
import type { HelveError } from "../errors.ts";
import type { RunWaiter } from "../session/run-waiters.ts";
import { resultOf } from "./run-result.ts";

/** A run whose result is expected. */
export interface Expected {
  /** The task whose output is the result, for a task that stands alone. */
  standaloneTask?: string | undefined;
}

/**
 * Collects the results of several runs for one promise. A run costs it one small object: what waits for it in the session.
 */
export class RunResults {
  readonly #requests: readonly Expected[];
  readonly #returnsErrors: boolean;
  readonly #resolve: (results: unknown[]) => void;
  readonly #reject: (error: unknown) => void;
  readonly #results: unknown[];
  #missing: number;
  #stopListening: (() => void) | undefined;

  constructor(
    requests: readonly Expected[],
    returnsErrors: boolean,
    resolve: (results: unknown[]) => void,
    reject: (error: unknown) => void,
  ) {
    this.#requests = requests;
    this.#returnsErrors = returnsErrors;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#missing = requests.length;
    this.#results = new Array(requests.length);
    if (requests.length === 0) resolve([]);
  }

  waiter(at: number): RunWaiter {
    return new ResultWaiter(this, at);
  }

  set(at: number, run: helve.RunEnded): void {
    const result = resultOf(run, this.#requests[at]?.standaloneTask);
    if (result instanceof Error && !this.#returnsErrors) {
      this.refuse(result);
      return;
    }
    this.#results[at] = result;
    this.#missing -= 1;
    if (this.#missing > 0) return;
    this.#stopListening?.();
    this.#resolve(this.#results);
  }

  refuse(error: unknown): void {
    this.#stopListening?.();
    this.#reject(error);
  }

  /** Rejects when the signal aborts, with its reason. */
  endWith(signal: AbortSignal, onAbort?: () => void): void {
    const listener = (): void => {
      onAbort?.();
      this.refuse(signal.reason);
    };
    signal.addEventListener("abort", listener, { once: true });
    this.#stopListening = () => signal.removeEventListener("abort", listener);
    if (signal.aborted) listener();
  }
}

class ResultWaiter implements RunWaiter {
  readonly #results: RunResults;
  readonly #at: number;

  constructor(results: RunResults, at: number) {
    this.#results = results;
    this.#at = at;
  }

  ended(run: helve.RunEnded): void {
    this.#results.set(this.#at, run);
  }

  failed(error: HelveError): void {
    this.#results.refuse(error);
  }
}
