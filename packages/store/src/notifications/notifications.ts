import pg from "pg";

const RECONNECT_MS = 500;

/**
 * LISTEN and NOTIFY on one connection of its own: never inside the transactions of the data, where a notification would
 * make all commits wait for each other. Connects again by itself.
 */
export class Notifications {
  readonly #url: string;
  readonly #channel: string;
  readonly #onPayload: (payload: string) => void;
  readonly #onGap: () => void;
  #client: pg.Client | undefined;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param onPayload called for every notification on the channel, also for those sent here
   * @param onGap called when the connection is back after a break: notifications may have been missed
   */
  constructor(url: string, channel: string, onPayload: (payload: string) => void, onGap: () => void) {
    this.#url = url;
    this.#channel = channel;
    this.#onPayload = onPayload;
    this.#onGap = onGap;
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: "helve-notifications",
      keepAlive: true,
    });
    client.on("error", () => client.end().catch(() => {}));
    client.on("end", () => this.#reconnect(client));
    client.on("notification", ({ payload }) => this.#onPayload(payload ?? ""));
    try {
      await client.connect();
      await client.query(`listen ${client.escapeIdentifier(this.#channel)}`);
      this.#client = client;
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#client?.end().catch(() => {});
  }

  /** Sends less than 8,000 bytes. While there is no connection, or when it breaks, the notification is lost. */
  async notify(payload: string): Promise<void> {
    await this.#client?.query("select pg_notify($1, $2)", [this.#channel, payload]).catch(() => {});
  }

  #reconnect(client: pg.Client): void {
    if (this.#client === client) this.#client = undefined;
    if (this.#isStopped || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.start().then(this.#onGap, () => this.#reconnect(client));
    }, RECONNECT_MS);
  }
}
