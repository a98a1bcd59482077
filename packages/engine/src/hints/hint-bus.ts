import type { RunId, TaskRunId, TenantId, WorkerId } from "@helve/core";
import type { ReplicaId } from "@helve/store";
import pg from "pg";

/**
 * What replicas tell each other. Hints may be lost or doubled: each only makes somebody look sooner at what Postgres says.
 */
export type Hint =
  /** A replica has started: hints are worth sending from now on. */
  | { kind: "joined" }
  /** Somebody stands in these lines. */
  | { kind: "queued"; routes: number[] }
  /** These runs have ended. */
  | { kind: "ended"; runs: RunId[] }
  /** These tasks have left the hands of their workers. `isCancelled`: the worker should stop the code. */
  | { kind: "taken"; tasks: TaskRunId[]; reason: string | undefined }
  /** These tasks hold no slot any more. */
  | { kind: "released"; tasks: TaskRunId[] }
  | { kind: "workflow"; tenantId: TenantId; name: string }
  | { kind: "paused"; workerId: WorkerId; isPaused: boolean }
  | { kind: "beat"; replicaId: ReplicaId; workerId: WorkerId };

const CHANNEL = "helve_hints";
/** NOTIFY takes less than 8,000 bytes. */
const MAX_BYTES = 7500;
const RECONNECT_MS = 500;

/**
 * The bus over LISTEN/NOTIFY, on one connection of its own: sent after commits, never inside the transactions of the data,
 * and coalesced with what gathered while the last notification was under way.
 */
export class HintBus {
  readonly #url: string;
  readonly #onHint: (hint: Hint) => void;
  /** Hints may have been missed: look at everything. */
  readonly #onGap: () => void;
  readonly #sender: string;
  #client: pg.Client | undefined;
  #pending: string[] = [];
  #isSending = false;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(url: string, sender: string, onHint: (hint: Hint) => void, onGap: () => void) {
    this.#url = url;
    this.#sender = sender;
    this.#onHint = onHint;
    this.#onGap = onGap;
  }

  async start(): Promise<void> {
    await this.#connect();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#client?.end().catch(() => {});
  }

  publish(hint: Hint): void {
    this.#pending.push(JSON.stringify(hint));
    if (!this.#isSending) void this.#send();
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url, application_name: "helve-hints", keepAlive: true });
    client.on("error", () => client.end().catch(() => {}));
    client.on("end", () => this.#reconnect(client));
    client.on("notification", ({ payload }) => this.#receive(payload ?? ""));
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      this.#client = client;
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
  }

  #reconnect(client: pg.Client): void {
    if (this.#client === client) this.#client = undefined;
    if (this.#isStopped || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#connect().then(this.#onGap, () => this.#reconnect(client));
    }, RECONNECT_MS);
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    while (this.#pending.length > 0 && this.#client) {
      let bytes = this.#sender.length + 3;
      let count = 0;
      for (; count < this.#pending.length && bytes < MAX_BYTES; count++) {
        bytes += Buffer.byteLength(this.#pending[count] as string) + 1;
      }
      if (bytes >= MAX_BYTES && count > 1) count--;
      const hints = this.#pending.splice(0, count);
      // A hint that is too long, or a connection that breaks, is a hint lost.
      await this.#client
        .query("select pg_notify($1, $2)", [CHANNEL, `${this.#sender} [${hints.join(",")}]`])
        .catch(() => {});
    }
    this.#pending = [];
    this.#isSending = false;
  }

  #receive(payload: string): void {
    const space = payload.indexOf(" ");
    if (payload.slice(0, space) === this.#sender) return;
    for (const hint of JSON.parse(payload.slice(space + 1)) as Hint[]) this.#onHint(hint);
  }
}
