import { jsonMembers, type RunId, type TenantId } from "@helve/core";
import type { RunEvent, RunEventFilter } from "../api.ts";
import type { Hint } from "../hints/hint-bus.ts";
import { packEvent, unpackEvent } from "../hints/packed-event.ts";
import { hasMember, RemoteListeners } from "./remote-listeners.ts";

type Listener = (event: RunEvent) => void;

interface RunListener {
  tenantId: TenantId;
  listener: Listener;
  /** It was told that the run has ended; what it hears of that a second time it is not told. */
  knowsEnd: boolean;
}

interface MetadataListener {
  tenantId: TenantId;
  key: string;
  value: string;
  listener: Listener;
}

export interface RunEventsDeps {
  /** Sends a hint to the other replicas, if there are any. */
  publish: (hint: Hint) => void;
  /** ms of a clock that only goes forward. */
  steady: () => number;
}

/**
 * Passes live events of runs to whoever listens now, here or at another replica; nothing is kept. A replica says on the bus
 * what is listened to at it, when somebody comes and at every sweep, and is sent these events and no others.
 */
export class RunEvents {
  readonly #publish: (hint: Hint) => void;
  readonly #remote: RemoteListeners;
  readonly #byRun = new Map<RunId, Set<RunListener>>();
  readonly #byMetadata = new Set<MetadataListener>();

  constructor({ publish, steady }: RunEventsDeps) {
    this.#publish = publish;
    this.#remote = new RemoteListeners(steady);
  }

  listen(tenantId: TenantId, filter: RunEventFilter, listener: Listener): () => void {
    if ("runId" in filter) {
      const { runId } = filter;
      const entry = { tenantId, listener, knowsEnd: false };
      const entries = this.#byRun.get(runId) ?? new Set();
      this.#byRun.set(runId, entries.add(entry));
      this.#publish({ kind: "listening", runs: [runId], metadata: [] });
      return () => {
        entries.delete(entry);
        if (entries.size === 0) this.#byRun.delete(runId);
      };
    }
    const { metadataKey: key, metadataValue: value } = filter;
    const entry = { tenantId, key, value, listener };
    this.#byMetadata.add(entry);
    this.#publish({ kind: "listening", runs: [], metadata: [[key, value]] });
    return () => this.#byMetadata.delete(entry);
  }

  /** Whether an event of this run would be heard: on the hot path nobody listens. */
  isHeard(runId: RunId): boolean {
    return this.#byMetadata.size > 0 || this.#byRun.has(runId) || this.#remote.mayHear(runId);
  }

  /**
   * Tells of something that happened here.
   *
   * @param metadata JSON object text of the run
   */
  publish(tenantId: TenantId, metadata: string, event: RunEvent): void {
    this.deliver(tenantId, metadata, event);
    if (this.#remote.hears(event.runId, metadata))
      this.#publish({ kind: "event", tenantId, metadata, event: packEvent(event) });
  }

  /** Tells those who listen here. */
  deliver(tenantId: TenantId, metadata: string, event: RunEvent): void {
    for (const entry of this.#byRun.get(event.runId) ?? []) {
      if (entry.tenantId !== tenantId) continue;
      const isEnd = event.kind.type === "run_ended";
      if (!isEnd || !entry.knowsEnd) entry.listener(event);
      entry.knowsEnd = isEnd;
    }
    if (this.#byMetadata.size === 0) return;
    const members = jsonMembers(metadata);
    for (const { tenantId: theirs, key, value, listener } of this.#byMetadata) {
      if (theirs === tenantId && hasMember(members, key, value)) listener(event);
    }
  }

  /** Something happened at another replica, or is listened to there. */
  receive(hint: Extract<Hint, { kind: "event" | "listening" }>): void {
    if (hint.kind === "event") this.deliver(hint.tenantId, hint.metadata, unpackEvent(hint.event));
    else this.#remote.note(hint.runs, hint.metadata);
  }

  /** Says again what is listened to here: it may have been missed, and is forgotten after a while. */
  announce(): void {
    if (this.#byRun.size === 0 && this.#byMetadata.size === 0) return;
    const metadata = [...this.#byMetadata].map(({ key, value }): [string, string] => [key, value]);
    this.#publish({ kind: "listening", runs: [...this.#byRun.keys()], metadata });
  }

  /** Of these runs (undefined: of all), those that are listened to here by somebody who does not know that they have ended. */
  openRuns(runIds: Iterable<RunId> = this.#byRun.keys()): { tenantId: TenantId; id: RunId }[] {
    if (this.#byRun.size === 0) return [];
    return [...runIds].flatMap((id) => {
      const unknowing = [...(this.#byRun.get(id) ?? [])].filter((entry) => !entry.knowsEnd);
      return [...new Set(unknowing.map((entry) => entry.tenantId))].map((tenantId) => ({ tenantId, id }));
    });
  }
}
