import type { RunId, TaskRunId, TenantId, WorkerId } from "@helve/core";
import { Notifications, type ReplicaId } from "@helve/store";

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
  | { kind: "labels"; workerId: WorkerId }
  | { kind: "beat"; replicaId: ReplicaId; workerId: WorkerId };

const CHANNEL = "helve_hints";
/** NOTIFY takes less than 8,000 bytes. */
const MAX_BYTES = 7500;

/** The bus over LISTEN/NOTIFY: a notification carries the hints that gathered while the last one was under way. */
export class HintBus {
  readonly #notifications: Notifications;
  readonly #sender: string;
  readonly #onHint: (hint: Hint) => void;
  #pending: string[] = [];
  #isSending = false;

  /** @param onGap hints may have been missed: look at everything */
  constructor(url: string, sender: string, onHint: (hint: Hint) => void, onGap: () => void) {
    this.#sender = sender;
    this.#onHint = onHint;
    this.#notifications = new Notifications(url, CHANNEL, (payload) => this.#receive(payload), onGap);
  }

  start(): Promise<void> {
    return this.#notifications.start();
  }

  stop(): Promise<void> {
    return this.#notifications.stop();
  }

  publish(hint: Hint): void {
    this.#pending.push(JSON.stringify(hint));
    if (!this.#isSending) void this.#send();
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    while (this.#pending.length > 0) {
      await this.#notifications.notify(`${this.#sender} [${this.#takePending().join(",")}]`);
    }
    this.#isSending = false;
  }

  /** As many hints as one notification can carry, at least one. */
  #takePending(): string[] {
    let bytes = this.#sender.length + 3;
    let count = 0;
    for (; count < this.#pending.length; count++) {
      bytes += Buffer.byteLength(this.#pending[count] as string) + 1;
      if (bytes > MAX_BYTES && count > 0) break;
    }
    return this.#pending.splice(0, count);
  }

  #receive(payload: string): void {
    const space = payload.indexOf(" ");
    if (payload.slice(0, space) === this.#sender) return;
    for (const hint of JSON.parse(payload.slice(space + 1)) as Hint[]) this.#onHint(hint);
  }
}
