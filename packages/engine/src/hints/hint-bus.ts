import type { RunId, TaskRunId, TenantId, WorkerId } from "@helve/core";
import type { ReplicaId } from "@helve/store";
import type { PackedEvent } from "./packed-event.ts";
import { cut, HEAD_BYTES, Joiner } from "./parts.ts";

/**
 * What replicas tell each other. Hints may be lost or doubled: each only makes somebody look sooner at what Postgres says.
 */
export type Hint =
  /** A replica has started: hints are worth sending from now on. */
  | { kind: "joined" }
  /** What a replica has given out may be in nobody's books. */
  | { kind: "doubt" }
  /** Somebody stands in these lines. */
  | { kind: "queued"; routes: number[] }
  /** These runs have ended. */
  | { kind: "ended"; runs: RunId[] }
  /** These tasks have left the hands of their workers. `isCancelled`: the worker should stop the code. */
  | { kind: "taken"; tasks: TaskRunId[]; reason: string | undefined }
  /** These tasks hold no slot any more. */
  | { kind: "released"; tasks: TaskRunId[] }
  | { kind: "workflow"; tenantId: TenantId; name: string }
  /** Workflows were paused or resumed. */
  | { kind: "pauses" }
  | { kind: "paused"; workerId: WorkerId; isPaused: boolean }
  | { kind: "labels"; workerId: WorkerId }
  | { kind: "beat"; replicaId: ReplicaId; workerId: WorkerId }
  /** Somebody listens here to events of these runs, and of those with these keys and values in their metadata. */
  | { kind: "listening"; runs: RunId[]; metadata: [string, string][] }
  /** It has happened here. */
  | { kind: "event"; tenantId: TenantId; metadata: string; event: PackedEvent };

/** Carries texts from one replica to all, as well as it can: they may be lost. Those of one sender come in order. */
export interface HintTransport {
  /** Of one text. */
  readonly maxBytes: number;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when the next one may be sent. */
  send(text: string): Promise<void>;
}

/**
 * @param onText called for every text, also for those sent here
 * @param onGap texts may have been missed
 */
export type OpenTransport = (onText: (text: string) => void, onGap: () => void) => HintTransport;

/** What waits to be sent at most; beyond that, hints are lost. */
const MAX_PENDING_CHARS = 16 * 1024 * 1024;

/** Hints over a transport: a message carries those that gathered while the last one was under way. */
export class HintBus {
  readonly #transport: HintTransport;
  readonly #sender: string;
  readonly #onHint: (hint: Hint) => void;
  readonly #joiners = new Map<string, Joiner>();
  #pending: string[] = [];
  #pendingChars = 0;
  #isSending = false;
  #sent = 0;

  /**
   * @param sender has no space in it
   * @param onGap hints may have been missed: look at everything
   */
  constructor(open: OpenTransport, sender: string, onHint: (hint: Hint) => void, onGap: () => void) {
    this.#sender = sender;
    this.#onHint = onHint;
    this.#transport = open((text) => this.#receive(text), onGap);
  }

  start(): Promise<void> {
    return this.#transport.start();
  }

  stop(): Promise<void> {
    return this.#transport.stop();
  }

  publish(hint: Hint): void {
    const text = JSON.stringify(hint);
    if (this.#pendingChars + text.length > MAX_PENDING_CHARS) return;
    this.#pending.push(text);
    this.#pendingChars += text.length;
    if (!this.#isSending) void this.#send();
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    const maxBytes = this.#transport.maxBytes - this.#sender.length - 1;
    while (this.#pending.length > 0) {
      for (const part of cut(`[${this.#takePending(maxBytes)}]`, ++this.#sent, maxBytes)) {
        await this.#transport.send(`${this.#sender} ${part}`);
      }
    }
    this.#isSending = false;
  }

  /** As many hints as one message can carry, at least one. */
  #takePending(maxBytes: number): string {
    let bytes = 0;
    let count = 0;
    for (; count < this.#pending.length; count++) {
      bytes += Buffer.byteLength(this.#pending[count] as string) + 1;
      if (bytes > maxBytes - AROUND_BYTES && count > 0) break;
    }
    const text = this.#pending.splice(0, count).join(",");
    this.#pendingChars -= text.length - (count - 1);
    return text;
  }

  #receive(text: string): void {
    const space = text.indexOf(" ");
    const sender = text.slice(0, space);
    if (sender === this.#sender) return;
    const joiner = this.#joiners.get(sender) ?? new Joiner();
    this.#joiners.set(sender, joiner);
    const hints = joiner.add(text.slice(space + 1));
    if (hints !== undefined) for (const hint of readHints(hints)) this.#onHint(hint);
  }
}

/** Brackets, and the head of a message. */
const AROUND_BYTES = 2 + HEAD_BYTES;

/** On a bus that others can write to there may be anything. */
function readHints(text: string): Hint[] {
  try {
    const hints: unknown = JSON.parse(text);
    return Array.isArray(hints) ? hints.filter((hint) => typeof hint?.kind === "string") : [];
  } catch {
    return [];
  }
}
