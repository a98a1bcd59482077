import pg from "pg";
import { connectionString } from "../connection-string.ts";

const RECONNECT_MS = 500;
/** A connection whose other end has gone without a word looks like one on which nothing happens. */
const CHECK_EVERY_MS = 10_000;
const ANSWER_MS = 5_000;

/**
 * LISTEN and NOTIFY on one connection of its own: never inside the transactions of the data, where a notification would
 * make all commits wait for each other. Connects again by itself.
 */
export class Notifications {
  /** NOTIFY takes less than 8,000 bytes. */
  readonly maxBytes = 7999;
  readonly #url: string;
  readonly #channel: string;
  readonly #onPayload: (payload: string) => void;
  readonly #onGap: () => void;
  #client: pg.Client | undefined;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #checkEveryMs: number;
  #checking: NodeJS.Timeout | undefined;

  /**
   * @param onPayload called for every notification on the channel, also for those sent here
   * @param onGap called when the connection is back after a break: notifications may have been missed
   * @param checkEveryMs how often it is asked whether the other end is still there
   */
  constructor(
    url: string,
    channel: string,
    onPayload: (payload: string) => void,
    onGap: () => void,
    checkEveryMs: number = CHECK_EVERY_MS,
  ) {
    this.#checkEveryMs = checkEveryMs;
    this.#url = url;
    this.#channel = channel;
    this.#onPayload = onPayload;
    this.#onGap = onGap;
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const client = new pg.Client({
      connectionString: connectionString(this.#url),
      application_name: "helve-notifications",
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: Math.min(ANSWER_MS, this.#checkEveryMs),
    });
    client.on("error", () => client.connection.stream.destroy());
    client.on("end", () => this.#reconnect(client));
    client.on("notification", ({ payload }) => this.#onPayload(payload ?? ""));
    try {
      await client.connect();
      await client.query(`listen ${client.escapeIdentifier(this.#channel)}`);
      this.#client = client;
      this.#checking = setInterval(() => void this.#ask(client, "select 1", []), this.#checkEveryMs);
    } catch (error) {
      client.connection.stream.destroy();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#checking);
    const client = this.#client;
    const limit = setTimeout(() => client?.connection.stream.destroy(), ANSWER_MS);
    await client?.end().catch(() => {});
    clearTimeout(limit);
  }

  /** Sends at most `maxBytes`. While there is no connection, or when it breaks, the notification is lost. */
  async send(payload: string): Promise<void> {
    if (this.#client) await this.#ask(this.#client, "select pg_notify($1, $2)", [this.#channel, payload]);
  }

  /** A connection on which no answer comes is given up. */
  async #ask(client: pg.Client, text: string, values: string[]): Promise<void> {
    try {
      await client.query(text, values);
    } catch {
      client.connection.stream.destroy();
    }
  }

  #reconnect(client: pg.Client): void {
    if (this.#client === client) {
      this.#client = undefined;
      clearInterval(this.#checking);
    }
    if (this.#isStopped || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.start().then(this.#onGap, () => this.#reconnect(client));
    }, RECONNECT_MS);
  }
}
