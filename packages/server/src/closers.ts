import type { Logger } from "pino";

/** What has been started, to be ended in reverse. */
export class Closers {
  readonly #log: Logger;
  readonly #steps: { what: string; close: () => Promise<unknown> }[] = [];
  #closing: Promise<void> | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @param what names the step in the log when it fails */
  add(what: string, close: () => Promise<unknown>): void {
    this.#steps.push({ what, close });
  }

  /** Ends everything, last things first. A step that fails is logged and does not keep the others. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#run();
    return this.#closing;
  }

  async #run(): Promise<void> {
    for (const { what, close } of this.#steps.reverse()) {
      try {
        await close();
      } catch (error) {
        this.#log.error({ what, err: error }, "could not be stopped cleanly");
      }
    }
  }
}
