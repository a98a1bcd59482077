import { v1 } from "@helve/contracts";
import type { Context } from "../worker/context.ts";
import type { Conditions } from "./conditions.ts";
import type { Duration } from "./duration.ts";
import type { Anything, OutputType, UnknownInputType } from "./json.ts";

/** What happens when a concurrency key is full. */
export const ConcurrencyLimitStrategy: typeof v1.ConcurrencyLimitStrategy = v1.ConcurrencyLimitStrategy;
export type ConcurrencyLimitStrategy = v1.ConcurrencyLimitStrategy;

/** The window in which a rate limit counts. */
export const RateLimitDuration: typeof v1.RateLimitDuration = v1.RateLimitDuration;
export type RateLimitDuration = v1.RateLimitDuration;

/** How a wanted label compares with the worker's. */
export const WorkerLabelComparator: typeof v1.WorkerLabelComparator = v1.WorkerLabelComparator;
export type WorkerLabelComparator = v1.WorkerLabelComparator;

/** A limit on how many runs with the same key run at once. */
export interface Concurrency {
  /** CEL over the input; gives the key. */
  expression: string;
  /** @default 1 */
  maxRuns?: number | undefined;
  /** @default CANCEL_IN_PROGRESS */
  limitStrategy?: ConcurrencyLimitStrategy | undefined;
}

/** Units of a rate limit that a run of the task takes. */
export interface RateLimit {
  /** How many, or CEL that gives the number. */
  units: number | string;
  /** The name of the limit. Excludes `dynamicKey`. */
  staticKey?: string | undefined;
  /** CEL that gives the name; needs `limit`. */
  dynamicKey?: string | undefined;
  /** @deprecated the older name of `staticKey` */
  key?: string | undefined;
  /** How many units a window has, or CEL that gives the number. */
  limit?: number | string | undefined;
  /** @default MINUTE */
  duration?: RateLimitDuration | undefined;
}

/** What a task wants of a label of the worker. */
export interface DesiredWorkerLabel {
  value: string | number;
  /** Whether a worker without it is out of the question. @default false */
  required?: boolean | undefined;
  /** @default 100 */
  weight?: number | undefined;
  /** @default EQUAL */
  comparator?: WorkerLabelComparator | undefined;
}

/** The code of a task. Its input is JSON, or what a schema made of it. What it throws fails the attempt. */
export type TaskFn<I = UnknownInputType, O extends OutputType = void, C = Context<I>> = (
  input: I,
  ctx: C,
) => O | Promise<O>;

/** What can be said about any task. */
export interface CreateBaseTaskOpts<I = UnknownInputType, O extends OutputType = void, C = TaskFn<I, O>> {
  name: string;
  /** Left out where the task is only named and another program does it. */
  fn?: C | undefined;
  /** @deprecated the older name of `executionTimeout` */
  timeout?: Duration | undefined;
  /** How long one attempt may take. @default "60s" */
  executionTimeout?: Duration | undefined;
  /** How long it may wait for a worker. @default "5m", set by the engine */
  scheduleTimeout?: Duration | undefined;
  /** How often it is tried again after a failure. @default 0 */
  retries?: number | undefined;
  /** Without it a retry comes at once. The n-th waits `factor ** n` seconds, at most `maxSeconds`. */
  backoff?: { factor?: number | undefined; maxSeconds?: number | undefined } | undefined;
  rateLimits?: RateLimit[] | undefined;
  desiredWorkerLabels?: Record<string, DesiredWorkerLabel> | undefined;
  concurrency?: Concurrency | Concurrency[] | undefined;
  /** Slots of the worker that one attempt takes. @default 1 */
  slotCost?: number | undefined;
}

/** A task of a workflow. */
export interface CreateWorkflowTaskOpts<
  I = UnknownInputType,
  O extends OutputType = void,
  C extends TaskFn<I, O> = TaskFn<I, O>,
> extends CreateBaseTaskOpts<I, O, C> {
  /** Tasks whose success this one waits for, and whose outputs it can read. */
  parents?: CreateWorkflowTaskOpts<Anything, Anything>[] | undefined;
  /** Conditions that must be met before it starts. */
  waitFor?: Conditions | Conditions[] | undefined;
  /** Conditions that cancel it. */
  cancelIf?: Conditions | Conditions[] | undefined;
  /** Conditions that skip it. */
  skipIf?: Conditions | Conditions[] | undefined;
}

/** The task that runs when another one of its workflow has failed. */
export type CreateOnFailureTaskOpts<I = UnknownInputType, O extends OutputType = void> = Omit<
  CreateBaseTaskOpts<I, O>,
  "name"
>;

/** The task that runs when all others of its workflow have succeeded. */
export type CreateOnSuccessTaskOpts<I = UnknownInputType, O extends OutputType = void> = Omit<
  CreateBaseTaskOpts<I, O>,
  "name"
>;
