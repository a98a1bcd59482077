/**
 * Carries traces along with runs and tasks. What a program traces with is its own choice; for OpenTelemetry there is
 * `openTelemetry()` in `@helve/sdk/opentelemetry`.
 */
export interface Tracing {
  /** W3C traceparent of the code that is about to start runs; undefined: it belongs to no trace. */
  traceparent(): string | undefined;
  /** Runs the code of a task as a part of the trace of its run. @returns what the code gives; it may throw as well */
  runTask(task: TracedTask, code: () => unknown): unknown;
}

/** An attempt that is about to run. */
export interface TracedTask {
  taskId: string;
  runId: string;
  taskName: string;
  /** From 1. */
  attempt: number;
  workerId: string | undefined;
  /** JSON text of the additional metadata; its `traceparent` names the span that the run is a part of. */
  metadata: string;
}
