import type { ClientDuplexStream, ServiceError } from "@grpc/grpc-js";
import type { helve } from "@helve/contracts";
import type { HelveError } from "../errors.ts";
import type { Logger } from "../logging/logger.ts";
import type { EngineConnection } from "../transport/engine-connection.ts";
import { FrameWriter } from "../transport/frame-writer.ts";
import { isFatal } from "../transport/grpc-error.ts";
import { OutageLog } from "../transport/outage-log.ts";
import { reconnectDelayMs } from "../transport/reconnect-delay.ts";
import { Heartbeat } from "./heartbeat.ts";
import { sessionError } from "./session-error.ts";
import { TimeoutRefreshes } from "./timeout-refreshes.ts";
import { UnacknowledgedFrames } from "./unacknowledged-frames.ts";
import { type StartedAttempt, WorkerOutbox } from "./worker-outbox.ts";

/** The worker as its session sees it. None of these may throw. */
export interface SessionOwner {
  /** What to register with; asked for anew each time the stream opens. */
  registration(): Omit<helve.Register, "protocol" | "workerId" | "holding">;
  /** Attempts whose code may be running. */
  holding(): helve.Attempt[];
  registered(workerId: string): void;
  assigned(assignments: helve.Assignment[]): void;
  cancelled(cancel: helve.Cancel): void;
  /** These attempts are no longer this worker's. */
  lost(attempts: helve.Attempt[]): void;
  commanded(command: helve.Command): void;
  /** The engine refuses this worker; the session has ended. Happens before the first registration only. */
  refused(error: HelveError): void;
}

export interface WorkerSessionOptions {
  connection: EngineConnection;
  logger: Logger;
  owner: SessionOwner;
}

type WorkerStream = ClientDuplexStream<helve.WorkerFrame, helve.EngineToWorker>;

/** The version of the protocol that is spoken here. */
const PROTOCOL = 1;

/** An engine that takes longer to answer a registration is given up and dialled again. */
const REGISTRATION_MS = 15_000;

/** How long the engine may take to end its side of the stream. */
const GOODBYE_MS = 1_000;

/**
 * A worker's life on the engine: one stream, opened again for as long as the worker lives.
 *
 *   start ──► registering ──registered──► open ──finish──► ended
 *                 ▲                        │
 *                 └──────── back-off ◄─────┘ broken
 *
 * - Nothing but the registration is sent before the engine has answered it. Then come the frames that were not
 *   acknowledged on the stream before, then what has gathered since.
 * - An attempt is held from its assignment until the frame with its end is durable, and is named when registering again:
 *   the engine gives away only what nobody holds.
 * - The worker keeps its id across streams. If the engine does not know it any more, the worker comes as a new one and
 *   counts everything it held as lost.
 */
export class WorkerSession {
  readonly outbox: WorkerOutbox = new WorkerOutbox();
  readonly #options: WorkerSessionOptions;
  readonly #outage: OutageLog;
  readonly #unacknowledged = new UnacknowledgedFrames();
  readonly #refreshes = new TimeoutRefreshes();
  #toRepeat: helve.WorkerFrame[] = [];
  #stream: WorkerStream | undefined;
  #writer: FrameWriter<helve.WorkerFrame> | undefined;
  #frameNumber = 0;
  #isRegistered = false;
  #workerId: string | undefined;
  readonly #heartbeat = new Heartbeat();
  #wasEverRegistered = false;
  #failures = 0;
  #streams = 0;
  /** Of the next try, or of the present one to register. */
  #timer: NodeJS.Timeout | undefined;
  #isEnding = false;
  #onSettled: (() => void) | undefined;

  constructor(options: WorkerSessionOptions) {
    this.#options = options;
    this.#outage = new OutageLog(options.logger);
  }

  get isConnected(): boolean {
    return this.#isRegistered;
  }

  get wasEverConnected(): boolean {
    return this.#wasEverRegistered;
  }

  /** How often a stream was opened. */
  get streams(): number {
    return this.#streams;
  }

  /** For how long, in ms, the engine has acknowledged nothing of what waits for it. */
  get unacknowledgedMs(): number {
    return this.#unacknowledged.waitingMs;
  }

  get workerId(): string | undefined {
    return this.#workerId;
  }

  start(): void {
    this.#open();
  }

  started(attempt: StartedAttempt): void {
    this.outbox.started(attempt);
    this.wake();
  }

  report(report: helve.Report): void {
    this.outbox.report(report);
    this.wake();
  }

  /** Something was put into the outbox. */
  wake(): void {
    if (this.#isRegistered) this.#writer?.wake();
  }

  /** @throws HelveError not_found when the task is not running any more */
  refreshTimeout(taskId: string, incrementMs: number): Promise<void> {
    const { request, done } = this.#refreshes.ask(taskId, incrementMs);
    this.outbox.refreshTimeout(request);
    this.wake();
    return done;
  }

  /** The worker takes nothing new from now on. */
  drain(): void {
    this.outbox.drain();
    this.wake();
  }

  /**
   * Waits until all that was reported is durable, then ends the stream.
   *
   * @param patienceMs how long to go on trying when the engine cannot be reached
   * @returns whether everything became durable
   */
  async finish(patienceMs: number): Promise<boolean> {
    const isDone = await this.#settled(patienceMs);
    this.#isEnding = true;
    clearTimeout(this.#timer);
    await this.#endStream();
    return isDone;
  }

  #settled(patienceMs: number): Promise<boolean> {
    if (this.#isSettled()) return Promise.resolve(true);
    this.wake();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#onSettled = undefined;
        resolve(false);
      }, patienceMs);
      this.#onSettled = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  #isSettled(): boolean {
    // A worker that never registered has nothing that the engine would miss.
    if (!this.#wasEverRegistered) return true;
    return this.outbox.isEmpty && this.#toRepeat.length === 0 && this.#unacknowledged.size === 0;
  }

  /** Half-closes and waits for the other side; an engine that does not answer is left. */
  #endStream(): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#dropStream();
        resolve();
      };
      const timer = setTimeout(() => {
        stream.cancel();
        done();
      }, GOODBYE_MS);
      stream.once("end", done).once("error", done);
      stream.end();
    });
  }

  #open(): void {
    const { connection, owner } = this.#options;
    const stream = connection.sessions.worker(connection.metadata);
    this.#stream = stream;
    this.#streams += 1;
    this.#isRegistered = false;
    this.#frameNumber = 1;
    this.#toRepeat = [...this.#unacknowledged.takeAll(), ...this.#toRepeat];
    for (const frame of this.#toRepeat) frame.refreshTimeouts = [];
    this.outbox.newStream(this.#refreshes.unanswered());
    this.#writer = new FrameWriter(stream, () => this.#takeFrame());
    stream.on("data", (frame: helve.EngineToWorker) => this.#received(frame));
    stream.on("error", (error: ServiceError) => this.#ended(stream, error));
    stream.on("end", () => this.#ended(stream, undefined));
    const register: helve.Register = {
      ...owner.registration(),
      protocol: PROTOCOL,
      workerId: this.#workerId,
      holding: this.#workerId === undefined ? [] : this.#holding(),
    };
    stream.write({ ...emptyFrame(1), register });
    this.#timer = setTimeout(() => stream.cancel(), REGISTRATION_MS);
  }

  /** What runs, and what has ended without the engine knowing for sure. */
  #holding(): helve.Attempt[] {
    const held = new Map<string, helve.Attempt>();
    const repeated = this.#toRepeat.flatMap((frame) => frame.reports);
    for (const { taskId, attempt } of [...this.#options.owner.holding(), ...repeated, ...this.outbox.attempts()]) {
      held.set(`${taskId} ${attempt}`, { taskId, attempt });
    }
    return [...held.values()];
  }

  #takeFrame(): helve.WorkerFrame | undefined {
    const frame = this.#toRepeat.shift() ?? this.outbox.takeFrame(0);
    if (frame === undefined) return undefined;
    this.#frameNumber += 1;
    frame.number = this.#frameNumber;
    this.#unacknowledged.add(frame);
    this.#heartbeat.noteWrite();
    return frame;
  }

  #received(frame: helve.EngineToWorker): void {
    const { owner } = this.#options;
    if (frame.registered !== undefined) this.#onRegistered(frame.registered);
    if (frame.durableThrough !== undefined) {
      this.#unacknowledged.acknowledge(frame.durableThrough);
      if (this.#onSettled !== undefined && this.#isSettled()) this.#onSettled();
    }
    if (frame.assignments.length > 0) owner.assigned(frame.assignments);
    for (const cancel of frame.cancels) owner.cancelled(cancel);
    for (const answer of frame.timeoutsRefreshed) this.#refreshes.answered(answer);
    if (frame.command !== undefined) owner.commanded(frame.command);
  }

  #onRegistered(registered: helve.Registered): void {
    const { owner, connection, logger } = this.#options;
    clearTimeout(this.#timer);
    if (registered.notice !== "") void logger.warn(registered.notice);
    this.#outage.over(connection.address);
    this.#wasEverRegistered = true;
    this.#failures = 0;
    this.#isRegistered = true;
    this.#workerId = registered.workerId;
    if (registered.lost.length > 0) owner.lost(registered.lost);
    this.#heartbeat.start(registered.heartbeatMs, () => this.#beat());
    owner.registered(registered.workerId);
    this.wake();
  }

  #beat(): void {
    // A stream that cannot take what was written before proves nothing by one frame more.
    if (this.#stream === undefined || this.#stream.writableNeedDrain) return;
    this.#frameNumber += 1;
    this.#stream.write(emptyFrame(this.#frameNumber));
  }

  #ended(stream: WorkerStream, cause: ServiceError | undefined): void {
    if (this.#stream !== stream) return;
    this.#dropStream();
    if (this.#isEnding) return;
    const { connection, owner } = this.#options;
    const error = sessionError(cause, connection.address);
    if (!this.#wasEverRegistered && isFatal(error.code)) {
      owner.refused(error);
      return;
    }
    if (error.code === "not_found") this.#becomeNew();
    this.#failures += 1;
    this.#outage.failed(error.message);
    this.#timer = setTimeout(() => this.#open(), reconnectDelayMs(this.#failures, Math.random()));
  }

  /** The engine has forgotten this worker, and with it what it held. */
  #becomeNew(): void {
    this.#workerId = undefined;
    this.#options.owner.lost(this.#options.owner.holding());
  }

  #dropStream(): void {
    clearTimeout(this.#timer);
    this.#heartbeat.stop();
    this.#writer?.close();
    this.#writer = undefined;
    this.#stream = undefined;
    this.#isRegistered = false;
  }
}

function emptyFrame(number: number): helve.WorkerFrame {
  return {
    number,
    reports: [],
    logs: [],
    chunks: [],
    refreshTimeouts: [],
    releaseSlots: [],
    labels: [],
    draining: false,
  };
}
