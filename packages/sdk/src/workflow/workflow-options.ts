import type { Duration } from "./duration.ts";
import type { Anything, InputType, OutputType, UnknownInputType } from "./json.ts";
import type { Priority, StickyStrategyInput } from "./priority.ts";
import type { StandardSchemaV1 } from "./standard-schema.ts";
import type {
  Concurrency,
  CreateBaseTaskOpts,
  CreateOnFailureTaskOpts,
  CreateOnSuccessTaskOpts,
  CreateWorkflowTaskOpts,
  DesiredWorkerLabel,
  RateLimit,
  TaskFn,
} from "./task-options.ts";

/** Prevents more than one run for a key. */
export type IdempotencyConfig = TtlIdempotency | StatusIdempotency;

/** The key is held for a time. */
export interface TtlIdempotency {
  /** CEL over input and metadata; gives the key. */
  expression: string;
  strategy: "ttl";
  ttlMs: number;
}

/** The key is held until its run has ended. */
export interface StatusIdempotency {
  /** CEL over input and metadata; gives the key. */
  expression: string;
  strategy: "status";
  /** How long it is held at most. */
  fallbackTtlMs: number;
}

/** What holds for a workflow and for a task that stands alone. */
export interface CreateBaseWorkflowOpts {
  /** Known under this name in lower case. */
  name: string;
  description?: string | undefined;
  version?: string | undefined;
  sticky?: StickyStrategyInput | undefined;
  /** The older way to write `onCrons` and `onEvents`. */
  on?: { cron?: string | string[] | undefined; event?: string | string[] | undefined } | undefined;
  /** Cron expressions that start runs. */
  onCrons?: string[] | undefined;
  /** Keys of events that start runs. */
  onEvents?: string[] | undefined;
  concurrency?: Concurrency | Concurrency[] | undefined;
  /** @default Priority.LOW */
  defaultPriority?: Priority | undefined;
  /** Filters on the events that start runs. */
  defaultFilters?: { expression: string; scope: string; payload?: Record<string, unknown> | undefined }[] | undefined;
  /**
   * Any schema with the Standard Schema interface. The input is checked before the task's code runs; one that does not
   * fit fails the task without a retry, and the error names the paths. The code gets what the schema made of the input.
   */
  inputValidator?: StandardSchemaV1 | undefined;
  idempotency?: IdempotencyConfig | undefined;
}

/** A task that stands alone. */
export type CreateTaskWorkflowOpts<I = UnknownInputType, O extends OutputType = void> = CreateBaseWorkflowOpts &
  CreateBaseTaskOpts<I, O>;

/** A workflow. */
export interface CreateWorkflowOpts extends CreateBaseWorkflowOpts {
  /** What holds for every task that does not say otherwise. */
  taskDefaults?: TaskDefaults | undefined;
}

/** As in `CreateBaseTaskOpts`. */
export interface TaskDefaults {
  executionTimeout?: Duration | undefined;
  scheduleTimeout?: Duration | undefined;
  retries?: number | undefined;
  backoff?: CreateBaseTaskOpts["backoff"];
  rateLimits?: RateLimit[] | undefined;
  workerLabels?: Record<string, DesiredWorkerLabel> | undefined;
  concurrency?: Concurrency | Concurrency[] | undefined;
}

/** A workflow with its tasks, as far as they have been declared. */
export interface WorkflowDefinition extends CreateWorkflowOpts {
  tasks: CreateWorkflowTaskOpts<Anything, Anything>[];
  onFailure?: CreateOnFailureTaskOpts<Anything, Anything> | TaskFn<Anything, Anything> | undefined;
  onSuccess?: CreateOnSuccessTaskOpts<Anything, Anything> | TaskFn<Anything, Anything> | undefined;
}

/** How one run is to be started. */
export interface RunOpts {
  /** Kept with the run; found again by it. */
  additionalMetadata?: Record<string, string> | undefined;
  /** @default that of the workflow */
  priority?: Priority | undefined;
  /** In a task: the identity of this child. Asked for again, by another attempt too, the same run is given. */
  childKey?: string | undefined;
  /**
   * In a task: whether the child runs on the worker that the task runs on. The child's workflow must be sticky itself,
   * and registered on this worker. Outside a task it has no effect. @default false
   */
  sticky?: boolean | undefined;
  /** The worker that the tasks of a sticky workflow stick to; other workflows take no notice. Excludes `sticky`. */
  desiredWorkerId?: string | undefined;
  /** When there are any, every task of the run asks for these in place of its own; a sticky workflow takes no notice. */
  desiredWorkerLabels?: Record<string, DesiredWorkerLabel> | undefined;
  /** For several runs at once: failures stand as errors among the results instead of rejecting all. @default false */
  returnExceptions?: boolean | undefined;
}

/** One run of several. */
export interface RunManyOpt<I extends InputType = UnknownInputType> {
  input: I;
  opts?: RunOpts | undefined;
}
