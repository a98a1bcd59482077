/**
 * What a workflow version is: one immutable JSON document. Both registration forms of the wire (v1 and v0) and the native
 * one are brought into this shape, checked and hashed here; every other part of the engine reads only this.
 */
export interface WorkflowDefinition {
  name: string;
  description: string;
  /** In topological order, ties by readable id. Task n of a run (core/ids.ts) is `tasks[n - 1]`. */
  tasks: TaskDefinition[];
  /** Runs when a task of the run has failed for good. Its task number is `tasks.length + 1`. */
  onFailure?: TaskDefinition;
  sticky?: "soft" | "hard";
  /** 1 (low) to 3 (high) for runs that name none. */
  defaultPriority?: number;
  eventTriggers: string[];
  cronTriggers: string[];
  cronInput?: string;
  concurrency: ConcurrencyDefinition[];
  defaultFilters: FilterDefinition[];
  /** JSON schema text as registered; shown, never used to check inputs. */
  inputJsonSchema?: string;
  idempotency?: { expression: string; ttlMs: number; method: "ttl" | "status" };
}

export interface TaskDefinition {
  readableId: string;
  /** Lower-case `service:verb` or `service:verb:sub`; what a worker registers to be given this task. */
  action: string;
  /** Names of tasks of the same workflow that must have ended before. */
  parents: string[];
  /** From hand-out to report; default 5 minutes. */
  executionTimeoutMs: number;
  /** From entering the queue to hand-out; default 5 minutes. */
  scheduleTimeoutMs: number;
  /** Further attempts after a failure; default 0. */
  retries: number;
  /** Delay before the k-th retry: min(backoffMaxSeconds, backoffFactor^k) seconds. Absent: at once. */
  backoffFactor?: number;
  backoffMaxSeconds?: number;
  isDurable: boolean;
  /** Slots taken on one worker, by kind. */
  slotRequests: Record<string, number>;
  workerLabels: DesiredLabel[];
  concurrency: ConcurrencyDefinition[];
  rateLimits: RateLimitDefinition[];
  conditions?: ConditionsDefinition;
  batch?: BatchDefinition;
}

export interface DesiredLabel {
  key: string;
  value: string | number;
  required: boolean;
  comparator: LabelComparator;
  weight: number;
}
export type LabelComparator =
  | "equal"
  | "not_equal"
  | "greater_than"
  | "greater_than_or_equal"
  | "less_than"
  | "less_than_or_equal";

export interface ConcurrencyDefinition {
  expression: string;
  maxRuns: number;
  strategy: "cancel_in_progress" | "group_round_robin" | "cancel_newest";
}

export interface RateLimitDefinition {
  key: string;
  units?: number;
  keyExpression?: string;
  unitsExpression?: string;
  limitExpression?: string;
  window?: "second" | "minute" | "hour" | "day" | "week" | "month" | "year";
}

export interface FilterDefinition {
  expression: string;
  scope: string;
  /** JSON object text. */
  payload?: string;
}

export interface BatchDefinition {
  maxSize: number;
  maxIntervalMs: number;
  groupKey: string;
  groupMaxRuns: number;
  broadcastOutput: boolean;
}

export interface ConditionsDefinition {
  parentOverrides: (BaseCondition & { parent: string })[];
  sleeps: (BaseCondition & { sleepForMs: number; sleepFor: string })[];
  userEvents: (BaseCondition & { eventKey: string })[];
}
export interface BaseCondition {
  /** Under which the task finds the data that met the condition; of a parent override, the parent's name. */
  key: string;
  action: "queue" | "cancel" | "skip";
  /** "0", "1", … within the task: conditions of one group are alternatives, each group must be met. */
  orGroup: string;
  expression: string;
}
