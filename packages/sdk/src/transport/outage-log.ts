import type { Logger } from "../logging/logger.ts";

/** So often a lasting outage is mentioned again. */
const REMIND_MS = 30_000;

/** Mentions an outage when it begins, when its reason changes, and now and then while it lasts; not at every try. */
export class OutageLog {
  readonly #logger: Logger;
  readonly #now: () => number;
  #reason: string | undefined;
  #saidAt = 0;

  /** @param now in ms, from any origin */
  constructor(logger: Logger, now: () => number = () => performance.now()) {
    this.#logger = logger;
    this.#now = now;
  }

  /** A try has failed. */
  failed(reason: string): void {
    if (reason === this.#reason && this.#now() - this.#saidAt < REMIND_MS) return;
    this.#reason = reason;
    this.#saidAt = this.#now();
    this.#logger.warn(`${reason}; trying again until it works`);
  }

  /** It works again. */
  over(address: string): void {
    if (this.#reason === undefined) return;
    this.#reason = undefined;
    this.#logger.info(`connected to the engine at ${address} again`);
  }
}
