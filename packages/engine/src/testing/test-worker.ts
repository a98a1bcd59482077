import { NATIVE_RUNTIME, type TenantId, type WorkerId } from "@helve/core";
import type { AssignedTask, Engine, Labels, OpenStream, Report, ReportAnswer, StreamOptions } from "../index.ts";

export interface TestWorkerOptions {
  actions: string[];
  /** Of the default kind, or by kind. */
  slots?: number | Record<string, number>;
  labels?: Labels;
  name?: string;
  abandonedSlotMs?: number;
  /** It speaks the native protocol. */
  isNative?: boolean;
  /** Called with everything it is sent. */
  onTask?: (task: AssignedTask) => void;
}

type Ending = { outcome: "succeeded"; output: string } | { outcome: "failed"; error: string; isRetryable: boolean };

let connections = 0;

/** A worker without a wire: takes tasks by hand, one at a time, and reports what the test says. */
export class TestWorker {
  readonly id: WorkerId;
  readonly connection: string = `connection-${++connections}`;
  /** Everything it was ever sent, in order. */
  readonly sent: AssignedTask[] = [];
  readonly cancels: { task: AssignedTask; reason: string }[] = [];
  readonly closed: string[] = [];
  /** How much it leaves unread of what it is sent. */
  unread = 0;
  readonly #engine: Engine;
  readonly #tenantId: TenantId;
  readonly #unread: AssignedTask[] = [];
  readonly #readers: ((task: AssignedTask) => void)[] = [];
  readonly #cancelReaders: (() => void)[] = [];
  readonly #onTask: (task: AssignedTask) => void;
  stream: OpenStream | undefined;

  constructor(engine: Engine, tenantId: TenantId, id: WorkerId, onTask: (task: AssignedTask) => void = () => {}) {
    this.#engine = engine;
    this.#tenantId = tenantId;
    this.id = id;
    this.#onTask = onTask;
  }

  static async connect(
    engine: Engine,
    tenantId: TenantId,
    { actions, slots = 10, labels = {}, name = "worker", isNative = false, onTask, ...options }: TestWorkerOptions,
  ): Promise<TestWorker> {
    const byKind = typeof slots === "number" ? { default: slots } : slots;
    const registration = { name, actions, slots: byKind, labels, runtime: isNative ? { extra: NATIVE_RUNTIME } : {} };
    const worker = new TestWorker(engine, tenantId, await engine.registerWorker(tenantId, registration), onTask);
    await worker.listen(options);
    return worker;
  }

  /** Opens a stream, on another engine if given: the same worker comes back there. */
  async listen(
    options: Partial<StreamOptions> & { engine?: Engine; isOpen?: () => boolean } = {},
  ): Promise<OpenStream> {
    const { engine = this.#engine, isOpen = () => true, ...rest } = options;
    this.stream = await engine.openStream(
      this.#tenantId,
      this.id,
      {
        assign: (tasks) => {
          for (const task of tasks) this.#take(task);
        },
        cancel: (task, reason) => {
          this.cancels.push({ task, reason });
          for (const read of this.#cancelReaders.splice(0)) read();
        },
        close: (reason) => void this.closed.push(reason),
        isOpen,
        unread: () => this.unread,
      },
      { connection: this.connection, isItsOwnHeartbeat: true, ...rest },
    );
    return this.stream;
  }

  /** The next task it is sent. */
  next(): Promise<AssignedTask> {
    const task = this.#unread.shift();
    return task ? Promise.resolve(task) : new Promise((resolve) => this.#readers.push(resolve));
  }

  /** Resolves when it has been told to stop something. */
  async cancelled(): Promise<void> {
    if (this.cancels.length === 0) await new Promise<void>((resolve) => this.#cancelReaders.push(resolve));
  }

  async started(task: AssignedTask): Promise<ReportAnswer> {
    return this.report(task, { outcome: "started" });
  }

  async succeed(task: AssignedTask, output = '{"ok":true}'): Promise<ReportAnswer> {
    return this.report(task, { outcome: "succeeded", output });
  }

  async fail(task: AssignedTask, error = "boom", isRetryable = true): Promise<ReportAnswer> {
    return this.report(task, { outcome: "failed", error, isRetryable });
  }

  async report(
    task: AssignedTask,
    ending: Ending | Pick<Extract<Report, { outcome: "started" | "ended" | "returned" | "cancelled" }>, "outcome">,
  ): Promise<ReportAnswer> {
    const report = { taskId: task.id, attempt: task.attempt, ...ending } as Report;
    const [answer] = await this.#engine.report(this.#tenantId, [report], this.id);
    return answer as ReportAnswer;
  }

  /** Its process dies: the stream breaks and the connection closes. */
  die(engine: Engine = this.#engine): void {
    this.stream?.closed("broken");
    engine.connectionClosed(this.connection);
  }

  #take(task: AssignedTask): void {
    this.sent.push(task);
    this.#onTask(task);
    const read = this.#readers.shift();
    if (read) read(task);
    else this.#unread.push(task);
  }
}
