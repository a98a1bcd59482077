import type { helve } from "@helve/contracts";
import type { RunLauncher } from "../client/run-launcher.ts";
import type { RunAccess } from "../client/run-ref.ts";
import { withNamespace } from "../config/namespace.ts";
import type { Logger, LogLevel } from "../logging/logger.ts";
import type { WorkerSession } from "../session/worker-session.ts";
import type { Tracing } from "../tracing/tracing.ts";
import type { TaskHandlers } from "./task-handlers.ts";
import type { TaskRuntime, WorkerLabels } from "./task-runtime.ts";

/** What the tasks of a worker ask for, over its session. */
export class SessionRuntime implements TaskRuntime {
  readonly launcher: RunLauncher;
  readonly standsIn = false;
  readonly runs: RunAccess;
  readonly namespace: string;
  readonly logger: Logger;
  readonly tracing: Tracing | undefined;
  readonly #handlers: TaskHandlers;
  readonly #labels: WorkerLabels;
  /** Set before the first task arrives. */
  session!: WorkerSession;

  constructor(options: {
    launcher: RunLauncher;
    runs: RunAccess;
    namespace: string;
    logger: Logger;
    tracing: Tracing | undefined;
    handlers: TaskHandlers;
    labels: WorkerLabels;
  }) {
    this.launcher = options.launcher;
    this.runs = options.runs;
    this.namespace = options.namespace;
    this.logger = options.logger;
    this.tracing = options.tracing;
    this.#handlers = options.handlers;
    this.#labels = { ...options.labels };
  }

  get engine(): string {
    return this.launcher.engine;
  }

  putLog(
    { taskId, attempt }: helve.Attempt,
    level: Exclude<LogLevel, "OFF">,
    message: string,
    metadata: string,
  ): Promise<void> | undefined {
    this.session.outbox.log({ taskId, attempt, level, message, metadata });
    this.session.wake();
    return this.session.outbox.room();
  }

  putChunk(taskId: string, index: number, content: Buffer): Promise<void> | undefined {
    this.session.outbox.chunk({ taskId, index, content });
    this.session.wake();
    return this.session.outbox.room();
  }

  refreshTimeout(taskId: string, incrementMs: number): Promise<void> {
    return this.session.refreshTimeout(taskId, incrementMs);
  }

  releaseSlot(taskId: string): void {
    this.session.outbox.releaseSlot(taskId);
    this.session.wake();
  }

  async cancelTask(taskId: string): Promise<void> {
    await this.runs.cancel(taskId);
  }

  workerId(): string | undefined {
    return this.session.workerId;
  }

  hasWorkflow(name: string): boolean {
    return this.#handlers.hasWorkflow(withNamespace(name, this.namespace).toLowerCase());
  }

  workerLabels(): WorkerLabels {
    return this.#labels;
  }

  upsertWorkerLabels(labels: WorkerLabels): void {
    Object.assign(this.#labels, labels);
    this.session.outbox.labels(labelsToWire(labels));
    this.session.wake();
  }
}

/** Numbers are numbers of the wire when they are whole, else text. A label without a value is none. */
export function labelsToWire(labels: WorkerLabels): helve.Label[] {
  return Object.entries(labels).flatMap(([key, value]): helve.Label[] => {
    if (value === undefined) return [];
    if (typeof value === "number" && Number.isInteger(value)) return [{ key, value: { $case: "number", value } }];
    return [{ key, value: { $case: "text", value: String(value) } }];
  });
}
