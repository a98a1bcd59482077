/**
 * The TypeScript SDK of Helve. Its words are those of Hatchet's TypeScript SDK, so that a program moves over by changing
 * one import; `Hatchet` and `Helve` are the same client.
 */
export { AdminClient, type WorkflowRun } from "./client/admin-client.ts";
export { EventsClient, type EventWithMetadata, type PushEventOptions } from "./client/events-client.ts";
export {
  HelveClient,
  HelveClient as Hatchet,
  HelveClient as HatchetClient,
  HelveClient as Helve,
  // Programs that move over import it so.
  HelveClient as default,
  type HelveClientOptions,
} from "./client/helve-client.ts";
export { type ListLogsOpts, LogsClient, type TaskLogLine } from "./client/logs-client.ts";
export type {
  ListRunsOpts,
  RunDetail,
  RunFilter,
  RunSelection,
  RunSummary,
  RunSummaryList,
  TaskRunDetail,
  V1TaskStatus,
} from "./client/run-detail.ts";
export { WorkflowRunRef } from "./client/run-ref.ts";
export { RunsClient } from "./client/runs-client.ts";
export { type WorkerSummary, WorkersClient } from "./client/workers-client.ts";
export { type WorkflowSummary, WorkflowsClient } from "./client/workflows-client.ts";
export type { ClientConfig, ClientOptions, ClientTLSConfig, HealthcheckOptions } from "./config/client-config.ts";
export {
  type ErrorCode,
  HelveError,
  NonRetryableError,
  RunFailedError,
  TaskCancelledError,
  type TaskFailure,
} from "./errors.ts";
export { consoleLogger, type LogConstructor, type LogExtra, type Logger, type LogLevel } from "./logging/logger.ts";
export type { TracedTask, Tracing } from "./tracing/tracing.ts";
export type { ChildRun } from "./worker/child-runs.ts";
export { type ChildRunOpts, Context } from "./worker/context.ts";
export type { TaskLogExtra, TaskLogger } from "./worker/context-logger.ts";
export { ContextWorker } from "./worker/context-worker.ts";
export type { WorkerLabels } from "./worker/task-runtime.ts";
export { Worker } from "./worker/worker.ts";
export type { CreateWorkerOpts } from "./worker/worker-options.ts";
export { BaseWorkflowDeclaration } from "./workflow/base-declaration.ts";
export {
  type Condition,
  type Conditions,
  Or,
  type OrCondition,
  type ParentCondition,
  type SleepCondition,
  type UserEventCondition,
} from "./workflow/conditions.ts";
export { type Duration, type DurationObject, durationToMs, durationToString } from "./workflow/duration.ts";
export type {
  InputType,
  JsonArray,
  JsonObject,
  JsonPrimitive,
  JsonValue,
  OutputType,
  UnknownInputType,
  WorkflowOutputType,
} from "./workflow/json.ts";
export type { LegacyStep, LegacyWorkflow } from "./workflow/legacy-workflow.ts";
export { Priority, StickyStrategy, type StickyStrategyInput } from "./workflow/priority.ts";
export type { StandardSchemaV1 } from "./workflow/standard-schema.ts";
export { CreateTaskWorkflow, TaskWorkflowDeclaration } from "./workflow/task-declaration.ts";
export {
  type Concurrency,
  ConcurrencyLimitStrategy,
  type CreateBaseTaskOpts,
  type CreateOnFailureTaskOpts,
  type CreateOnSuccessTaskOpts,
  type CreateWorkflowTaskOpts,
  type DesiredWorkerLabel,
  type RateLimit,
  RateLimitDuration,
  type TaskFn,
  WorkerLabelComparator,
} from "./workflow/task-options.ts";
export { CreateWorkflow, WorkflowDeclaration } from "./workflow/workflow-declaration.ts";
export type {
  CreateBaseWorkflowOpts,
  CreateTaskWorkflowOpts,
  CreateWorkflowOpts,
  IdempotencyConfig,
  RunManyOpt,
  RunOpts,
  StatusIdempotency,
  TaskDefaults,
  TtlIdempotency,
} from "./workflow/workflow-options.ts";
