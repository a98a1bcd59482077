import type { ClientDuplexStream, ServiceError } from "@grpc/grpc-js";
import type { helve } from "@helve/contracts";
import { type ErrorCode, HelveError } from "../errors.ts";
import type { Logger } from "../logging/logger.ts";
import type { EngineConnection } from "../transport/engine-connection.ts";
import { FrameWriter } from "../transport/frame-writer.ts";
import { isFatal } from "../transport/grpc-error.ts";
import { OutageLog } from "../transport/outage-log.ts";
import { reconnectDelayMs } from "../transport/reconnect-delay.ts";
import { MAX_FRAME_CHARS, MAX_FRAME_ITEMS } from "./frame-limits.ts";
import { type PendingTrigger, type TriggerOrder, triggerSize } from "./pending-trigger.ts";
import { type RunWaiter, RunWaiters } from "./run-waiters.ts";
import { sessionError } from "./session-error.ts";

export interface ClientSessionOptions {
  connection: EngineConnection;
  logger: Logger;
  /** How long a trigger waits for an engine that cannot be reached. */
  requestTimeoutMs: number;
  /** The stream is closed when nothing is awaited for so long; an open one would keep the process from ending. */
  idleMs: number;
}

/**
 * A program's triggers and the results it waits for, over one stream that is opened when it is needed, opened again when
 * it breaks, and closed when nothing is awaited.
 *
 *   closed ──something to send──► connecting ──► open ──idle──► closed
 *                                    ▲             │
 *                                    └──back-off───┘ broken
 *
 * - A trigger is pending until the engine has answered it, a waiter until its run has ended. When the stream breaks, all
 *   pending ones are sent again on the next. Their runs have ids of our choice, and children of a task an index, by which
 *   the engine knows those that it has started already.
 * - Waiting for a result has no limit of time; a trigger gives up when no engine was reached for `requestTimeoutMs`.
 */
export class ClientSession {
  readonly #options: ClientSessionOptions;
  readonly #outage: OutageLog;
  readonly #pending = new Map<number, PendingTrigger>();
  readonly #waiters = new RunWaiters();
  #unsentTriggers: PendingTrigger[] = [];
  #unsentSubscriptions: string[] = [];
  #lastRequest = 0;
  #stream: ClientDuplexStream<helve.ClientFrame, helve.EngineToClient> | undefined;
  #writer: FrameWriter<helve.ClientFrame> | undefined;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: ClientSessionOptions) {
    this.#options = options;
    this.#outage = new OutageLog(options.logger);
  }

  /** Starts runs, all of an order or none. */
  trigger(order: TriggerOrder): void {
    if (this.#isClosed) {
      order.refused(closedError());
      return;
    }
    let size = 0;
    for (const run of order.runs) size += triggerSize(run);
    this.#lastRequest += 1;
    const givenAt = performance.now();
    const pending = { order, request: this.#lastRequest, size, givenAt, wasSent: false, refusals: 0, isDelayed: false };
    this.#pending.set(pending.request, pending);
    this.#unsentTriggers.push(pending);
    this.#wake();
  }

  /** Waits for a run that was started by anyone, also long ago. */
  waitFor(runId: string, waiter: RunWaiter): void {
    if (this.#isClosed) {
      waiter.failed(closedError());
      return;
    }
    if (!this.#waiters.add(runId, waiter)) return;
    this.#unsentSubscriptions.push(runId);
    this.#wake();
  }

  /**
   * Waits for a run of an order with `wait`: the engine tells its end unasked, and after the answer to the trigger. To be
   * called from `started`.
   */
  waitForStarted(runId: string, waiter: RunWaiter): void {
    this.#waiters.add(runId, waiter);
  }

  stopWaiting(runId: string, waiter: RunWaiter): void {
    this.#waiters.remove(runId, waiter);
    this.#watchIdleness();
  }

  /** Ends the stream; whatever is still awaited fails. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#failAll(closedError());
    this.#closeStream();
  }

  #wake(): void {
    if (this.#writer !== undefined) {
      this.#writer.wake();
      return;
    }
    // A time out of the back-off is running: what waits goes out with the next stream.
    if (this.#failures === 0) this.#open();
  }

  #open(): void {
    clearTimeout(this.#timer);
    const { connection } = this.#options;
    const stream = connection.sessions.client(connection.metadata);
    this.#stream = stream;
    this.#writer = new FrameWriter(stream, () => this.#takeFrame());
    this.#unsentTriggers = [...this.#pending.values()].filter((pending) => !pending.isDelayed);
    this.#unsentSubscriptions = this.#waiters.runIds();
    stream.on("data", (frame: helve.EngineToClient) => this.#received(frame));
    stream.on("error", (error: ServiceError) => this.#ended(stream, error));
    stream.on("end", () => this.#ended(stream, undefined));
    this.#writer.wake();
  }

  #takeFrame(): helve.ClientFrame | undefined {
    const triggers: helve.TriggerRequest[] = [];
    let chars = 0;
    let items = 0;
    let next = 0;
    for (; next < this.#unsentTriggers.length && items < MAX_FRAME_ITEMS; next += 1) {
      const pending = this.#unsentTriggers[next] as PendingTrigger;
      if (triggers.length > 0 && chars + pending.size > MAX_FRAME_CHARS) break;
      chars += pending.size;
      items += pending.order.runs.length;
      const { request, order, wasSent: again } = pending;
      triggers.push({ request, runs: order.runs, wait: order.wait, again });
      pending.wasSent = true;
    }
    this.#unsentTriggers = this.#unsentTriggers.slice(next);
    const subscribe = this.#unsentSubscriptions.splice(0, MAX_FRAME_ITEMS);
    return triggers.length === 0 && subscribe.length === 0 ? undefined : { triggers, subscribe };
  }

  #received(frame: helve.EngineToClient): void {
    this.#failures = 0;
    this.#outage.over(this.#options.connection.address);
    for (const reply of frame.triggered) this.#replied(reply);
    for (const run of frame.ended) this.#runEnded(run);
    this.#watchIdleness();
  }

  #replied(reply: helve.TriggerReply): void {
    const pending = this.#pending.get(reply.request);
    if (pending === undefined) return;
    if (reply.refusal?.code === "unavailable" && this.#hasTime(pending)) {
      this.#tryAgain(pending);
      return;
    }
    this.#pending.delete(pending.request);
    if (reply.refusal === undefined) {
      pending.order.started(reply.runIds);
      return;
    }
    // A newer engine may know more codes; callers then see one that they have no case for.
    pending.order.refused(new HelveError(reply.refusal.code as ErrorCode, reply.refusal.message));
  }

  #tryAgain(pending: PendingTrigger): void {
    pending.refusals += 1;
    pending.isDelayed = true;
    setTimeout(
      () => {
        pending.isDelayed = false;
        if (!this.#pending.has(pending.request)) return;
        this.#unsentTriggers.push(pending);
        this.#wake();
      },
      reconnectDelayMs(pending.refusals, Math.random()),
    );
  }

  #runEnded(run: helve.RunEnded): void {
    const waiting = this.#waiters.take(run.runId);
    // Undefined: nobody cares any more.
    if (Array.isArray(waiting)) for (const waiter of waiting) waiter.ended(run);
    else waiting?.ended(run);
  }

  #ended(stream: object, cause: ServiceError | undefined): void {
    if (this.#stream !== stream) return;
    this.#closeStream();
    if (this.#isClosed) return;
    const error = sessionError(cause, this.#options.connection.address);
    if (isFatal(error.code) || error.code === "resource_exhausted") {
      this.#failAll(error);
      return;
    }
    for (const pending of this.#pending.values()) {
      if (!this.#hasTime(pending)) this.#refuse(pending, error);
    }
    if (!this.#isAwaited()) {
      this.#failures = 0;
      return;
    }
    this.#failures += 1;
    this.#outage.failed(error.message);
    this.#timer = setTimeout(() => this.#open(), reconnectDelayMs(this.#failures, Math.random()));
  }

  #hasTime(pending: PendingTrigger): boolean {
    return performance.now() - pending.givenAt < this.#options.requestTimeoutMs;
  }

  #refuse(pending: PendingTrigger, error: HelveError): void {
    this.#pending.delete(pending.request);
    pending.order.refused(error);
  }

  #failAll(error: HelveError): void {
    this.#failures = 0;
    for (const pending of [...this.#pending.values()]) this.#refuse(pending, error);
    this.#waiters.failAll(error);
  }

  #watchIdleness(): void {
    if (this.#isAwaited() || this.#stream === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.#isAwaited()) this.#closeStream();
    }, this.#options.idleMs);
  }

  #isAwaited(): boolean {
    return this.#pending.size > 0 || this.#waiters.size > 0;
  }

  #closeStream(): void {
    const stream = this.#stream;
    this.#writer?.close();
    this.#writer = undefined;
    this.#stream = undefined;
    if (stream === undefined) return;
    // The engine holds nothing for this stream that is not held elsewhere, so it can go without a goodbye.
    stream.cancel();
  }
}

function closedError(): HelveError {
  return new HelveError("unavailable", "this client was closed");
}
