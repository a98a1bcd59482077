import type { helve } from "@helve/contracts";
import type { Launcher } from "../client/run-launcher.ts";
import type { RunAccess } from "../client/run-ref.ts";
import type { Logger, LogLevel } from "../logging/logger.ts";
import type { Tracing } from "../tracing/tracing.ts";

/** Labels of a worker, by which tasks find it. */
export type WorkerLabels = Record<string, string | number | undefined>;

/**
 * What a running task can ask of the worker it runs on. A worker answers over its session; tests of tasks answer
 * themselves.
 */
export interface TaskRuntime {
  readonly launcher: Launcher;
  /** Whether every run that the task starts goes to this launcher, whichever client it asks. In tests only. */
  readonly standsIn: boolean;
  /** Names engine and tenant. */
  readonly engine: string;
  /** For references to children. */
  readonly runs: RunAccess;
  /** Prefix of the namespace. */
  readonly namespace: string;
  readonly logger: Logger;
  readonly tracing?: Tracing | undefined;
  /** @returns a promise when the caller should wait before it says more */
  putLog(
    task: helve.Attempt,
    level: Exclude<LogLevel, "OFF">,
    message: string,
    metadata: string,
  ): Promise<void> | undefined;
  /** @returns a promise when the caller should wait before it says more */
  putChunk(taskId: string, index: number, content: Buffer): Promise<void> | undefined;
  refreshTimeout(taskId: string, incrementMs: number): Promise<void>;
  releaseSlot(taskId: string): void;
  cancelTask(taskId: string): Promise<void>;
  workerId(): string | undefined;
  hasWorkflow(name: string): boolean;
  workerLabels(): WorkerLabels;
  upsertWorkerLabels(labels: WorkerLabels): void;
}
