import type { ChannelOptions, ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import {
  ActionType,
  type AssignedAction,
  HeartbeatRequest,
  StepActionEvent,
  StepActionEventType,
  WorkerRegisterRequest,
} from "@helve/contracts";
import type { EngineAddress } from "./engine.ts";
import { call, describeEnd, type Ending, type Grpc, openGrpc } from "./grpc.ts";

const HEARTBEAT_MS = 4_000;

/** What a worker can say about an attempt. */
export type Report = "started" | "completed" | "failed" | "acknowledged" | "cancelled" | "unknown";

const REPORTS: Readonly<Record<Report, StepActionEventType>> = {
  started: StepActionEventType.STEP_EVENT_TYPE_STARTED,
  completed: StepActionEventType.STEP_EVENT_TYPE_COMPLETED,
  failed: StepActionEventType.STEP_EVENT_TYPE_FAILED,
  acknowledged: StepActionEventType.STEP_EVENT_TYPE_ACKNOWLEDGED,
  cancelled: StepActionEventType.STEP_EVENT_TYPE_CANCELLED,
  unknown: StepActionEventType.STEP_EVENT_TYPE_UNKNOWN,
};

/** What a report may say beside which attempt it is about. */
interface ReportOptions {
  payload?: string;
  /** `null` leaves the field out; the attempt of the action unless given. */
  retryCount?: number | null;
  shouldNotRetry?: boolean;
  /** The worker's clock; now unless given. */
  timestamp?: Date;
}

/** A worker by hand, one request at a time. It sends heartbeats only while told to. */
export class RawWorker {
  readonly grpc: Grpc;
  readonly id: string;
  /** Every action received, over all streams. */
  readonly actions: AssignedAction[] = [];
  /** How the latest stream ended. */
  ended: Ending | undefined;
  private stream: ClientReadableStream<AssignedAction> | undefined;
  private beat: NodeJS.Timeout | undefined;
  private readonly listeners = new Set<() => void>();
  private taken = 0;

  /** Registers under the name; neither listens nor beats. Each raw worker has its own connection, as a process has. */
  static async register(
    engine: EngineAddress,
    request: Parameters<typeof WorkerRegisterRequest.create>[0],
  ): Promise<RawWorker> {
    const grpc = openGrpc(engine);
    const { workerId } = await call(grpc, "dispatcher", "register", WorkerRegisterRequest.create(request));
    return new RawWorker(grpc, workerId);
  }

  /** A worker that is registered already, on a new connection: what a client does after it has lost the engine. */
  static again(engine: EngineAddress, id: string, channel: ChannelOptions = {}): RawWorker {
    return new RawWorker(openGrpc(engine, { channel }), id);
  }

  private constructor(grpc: Grpc, id: string) {
    this.grpc = grpc;
    this.id = id;
  }

  /** Opens the action stream and keeps heartbeats going, the first at once. */
  async listen(options: { heartbeats?: boolean; old?: boolean } = {}): Promise<this> {
    const open = options.old ? this.grpc.dispatcher.listen : this.grpc.dispatcher.listenV2;
    this.ended = undefined;
    const stream = open.call(this.grpc.dispatcher, { workerId: this.id }, this.grpc.metadata);
    this.stream = stream;
    stream.on("data", (action: AssignedAction) => {
      this.actions.push(action);
      this.wake();
    });
    stream.on("error", (error: ServiceError) => this.endStream(stream, describeEnd(error)));
    stream.on("end", () => this.endStream(stream, { code: "OK", text: "" }));
    if (options.heartbeats ?? !options.old) {
      await this.heartbeat();
      this.beat = setInterval(() => void this.heartbeat().catch(() => undefined), HEARTBEAT_MS);
    }
    return this;
  }

  async heartbeat(): Promise<void> {
    await call(
      this.grpc,
      "dispatcher",
      "heartbeat",
      HeartbeatRequest.create({ workerId: this.id, heartbeatAt: new Date() }),
    );
  }

  stopHeartbeats(): void {
    clearInterval(this.beat);
  }

  /** The next action not yet taken: actions are handed to the test in the order they came. */
  async next(timeoutMs = 10_000): Promise<AssignedAction> {
    const place = this.taken++;
    await this.until(() => this.actions.length > place, timeoutMs, "action");
    return this.actions[place] as AssignedAction;
  }

  /** Resolves once an action of this kind for this task run has come. */
  async action(kind: "start" | "cancel", taskRun: string, retryCount = 0, timeoutMs = 10_000): Promise<AssignedAction> {
    const type = kind === "start" ? ActionType.START_STEP_RUN : ActionType.CANCEL_STEP_RUN;
    const find = (): AssignedAction | undefined =>
      this.actions.find(
        (one) => one.actionType === type && one.taskRunExternalId === taskRun && one.retryCount === retryCount,
      );
    await this.until(() => find() !== undefined, timeoutMs, `${kind} of attempt ${retryCount} of ${taskRun}`);
    return find() as AssignedAction;
  }

  /** The action stream's end, by whichever side. */
  async streamEnds(timeoutMs = 10_000): Promise<Ending> {
    await this.until(() => this.ended !== undefined, timeoutMs, "end of stream");
    return this.ended as Ending;
  }

  async report(action: AssignedAction, type: Report, options: ReportOptions = {}): Promise<void> {
    await call(
      this.grpc,
      "dispatcher",
      "sendStepActionEvent",
      StepActionEvent.create({
        workerId: this.id,
        jobId: action.jobId,
        jobRunId: action.jobRunId,
        taskId: action.taskId,
        taskRunExternalId: action.taskRunExternalId,
        actionId: action.actionId,
        eventTimestamp: options.timestamp ?? new Date(),
        eventType: REPORTS[type],
        eventPayload: options.payload ?? (type === "completed" ? "{}" : ""),
        retryCount: options.retryCount === null ? undefined : (options.retryCount ?? action.retryCount),
        shouldNotRetry: options.shouldNotRetry,
      }),
    );
  }

  /** STARTED and COMPLETED, as an SDK reports a task that went well. */
  async complete(action: AssignedAction, output: unknown = {}): Promise<void> {
    await this.report(action, "started");
    await this.report(action, "completed", { payload: JSON.stringify(output) });
  }

  /** Leaves what comes on the action stream where it is. */
  stopReading(): void {
    this.stream?.pause();
  }

  readAgain(): void {
    this.stream?.resume();
  }

  /** Ends the action stream; the connection stays. */
  hangUp(): void {
    this.stream?.cancel();
  }

  /** Ends everything, without a goodbye. */
  close(): void {
    this.stopHeartbeats();
    this.stream?.cancel();
    this.grpc.close();
  }

  private endStream(stream: ClientReadableStream<AssignedAction>, how: Ending): void {
    if (stream === this.stream) this.ended ??= how;
    this.wake();
  }

  private wake(): void {
    for (const listener of [...this.listeners]) listener();
  }

  private until(reached: () => boolean, timeoutMs: number, what: string): Promise<void> {
    if (reached()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        this.listeners.delete(look);
        settle();
      };
      const look = (): void => {
        if (reached()) done(resolve);
      };
      const timer = setTimeout(() => done(() => reject(new Error(`no ${what} within ${timeoutMs} ms`))), timeoutMs);
      this.listeners.add(look);
    });
  }
}
