import { HelveClient } from "../client/helve-client.ts";
import type { ClientOptions } from "../config/client-config.ts";
import type { Logger } from "../logging/logger.ts";
import type { Worker } from "../worker/worker.ts";
import type { CreateWorkerOpts } from "../worker/worker-options.ts";
import { LoopbackEngine } from "./loopback-engine.ts";

/** An engine and a client of it, for one test. `end` closes all that was made. */
export class Fixture {
  readonly engine: LoopbackEngine;
  readonly client: HelveClient;
  /** Everything the client and its workers logged. */
  readonly logLines: string[] = [];
  readonly #workers: Worker[] = [];
  readonly #clients: HelveClient[] = [];

  private constructor(engine: LoopbackEngine, options: ClientOptions) {
    this.engine = engine;
    this.client = this.newClient(options);
  }

  static async start(options: ClientOptions = {}): Promise<Fixture> {
    return new Fixture(await LoopbackEngine.start(), options);
  }

  newClient(options: ClientOptions = {}): HelveClient {
    const client = HelveClient.init({
      token: this.engine.token,
      tls_config: { tls_strategy: "none" },
      logger: () => this.#logger(),
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** A worker that is ready. Signals are left alone. */
  async worker(options: CreateWorkerOpts = {}): Promise<Worker> {
    const worker = await this.client.worker("test-worker", { handleKill: false, gracePeriodMs: 0, ...options });
    this.#workers.push(worker);
    void worker.start();
    await worker.waitUntilReady();
    return worker;
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    for (const client of this.#clients) client.close();
    this.engine.crash();
  }

  #logger(): Logger {
    const write = (message: string): void => {
      this.logLines.push(message);
    };
    return { debug: write, info: write, green: write, warn: write, error: write };
  }
}
