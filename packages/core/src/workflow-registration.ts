/**
 * A workflow as a client sends it, before anything is checked: every field may be missing, and texts that stand for one
 * of several words are plain strings in either case (`"CANCEL_NEWEST"` or `"cancel_newest"`). An edge fills this shape
 * from its own messages; a number it has no word for it passes on as digits, to be refused here with the allowed words.
 *
 * An empty text counts as missing where the field has no presence on the wire; `scheduleTimeout` has, and may not be
 * empty. Names are those of the registration message in camel case, so messages about a field can name it as sent.
 */
export interface WorkflowRegistration {
  name?: string | undefined;
  description?: string | undefined;
  eventTriggers?: readonly string[] | undefined;
  cronTriggers?: readonly string[] | undefined;
  /** JSON text. */
  cronInput?: string | undefined;
  tasks?: readonly TaskRegistration[] | undefined;
  onFailureTask?: TaskRegistration | undefined;
  /** SOFT or HARD. */
  sticky?: string | undefined;
  defaultPriority?: number | undefined;
  /** Stands before those of `concurrencyArr`. */
  concurrency?: ConcurrencyRegistration | undefined;
  concurrencyArr?: readonly ConcurrencyRegistration[] | undefined;
  defaultFilters?: readonly FilterRegistration[] | undefined;
  /** JSON text. */
  inputJsonSchema?: string | undefined;
  idempotency?: IdempotencyRegistration | undefined;
}

export interface TaskRegistration {
  readableId?: string | undefined;
  action?: string | undefined;
  /** Execution timeout, a duration. */
  timeout?: string | undefined;
  scheduleTimeout?: string | undefined;
  parents?: readonly string[] | undefined;
  retries?: number | undefined;
  backoffFactor?: number | undefined;
  backoffMaxSeconds?: number | undefined;
  rateLimits?: readonly RateLimitRegistration[] | undefined;
  workerLabels?: Readonly<Record<string, LabelRegistration>> | undefined;
  concurrency?: readonly ConcurrencyRegistration[] | undefined;
  conditions?: ConditionsRegistration | undefined;
  isDurable?: boolean | undefined;
  slotRequests?: Readonly<Record<string, number>> | undefined;
  batch?: BatchRegistration | undefined;
}

export interface ConcurrencyRegistration {
  expression?: string | undefined;
  maxRuns?: number | undefined;
  /** CANCEL_IN_PROGRESS, GROUP_ROUND_ROBIN or CANCEL_NEWEST. */
  limitStrategy?: string | undefined;
}

export interface FilterRegistration {
  expression?: string | undefined;
  scope?: string | undefined;
  /** JSON object text. */
  payload?: string | undefined;
}

export interface IdempotencyRegistration {
  expression?: string | undefined;
  ttlMs?: number | undefined;
  /** TTL or STATUS. */
  method?: string | undefined;
}

/** A limit is static when none of the three expressions is given. */
export interface RateLimitRegistration {
  key?: string | undefined;
  units?: number | undefined;
  keyExpr?: string | undefined;
  unitsExpr?: string | undefined;
  limitValuesExpr?: string | undefined;
  /** SECOND, MINUTE, HOUR, DAY, WEEK, MONTH or YEAR. */
  duration?: string | undefined;
}

/** Exactly one of the two values. */
export interface LabelRegistration {
  strValue?: string | undefined;
  intValue?: number | undefined;
  required?: boolean | undefined;
  /** EQUAL, NOT_EQUAL, GREATER_THAN, GREATER_THAN_OR_EQUAL, LESS_THAN or LESS_THAN_OR_EQUAL. */
  comparator?: string | undefined;
  weight?: number | undefined;
}

export interface ConditionsRegistration {
  parentOverrideConditions?: readonly ParentOverrideRegistration[] | undefined;
  sleepConditions?: readonly SleepConditionRegistration[] | undefined;
  userEventConditions?: readonly UserEventConditionRegistration[] | undefined;
}

export interface BaseConditionRegistration {
  readableDataKey?: string | undefined;
  /** QUEUE, CANCEL or SKIP. */
  action?: string | undefined;
  /** A UUID; conditions that share it are alternatives. Missing or all zeros: a group of its own. */
  orGroupId?: string | undefined;
  expression?: string | undefined;
}

export interface ParentOverrideRegistration {
  base?: BaseConditionRegistration | undefined;
  parentReadableId?: string | undefined;
}

export interface SleepConditionRegistration {
  base?: BaseConditionRegistration | undefined;
  sleepFor?: string | undefined;
}

export interface UserEventConditionRegistration {
  base?: BaseConditionRegistration | undefined;
  userEventKey?: string | undefined;
}

export interface BatchRegistration {
  batchMaxSize?: number | undefined;
  batchMaxIntervalMs?: number | undefined;
  batchGroupKey?: string | undefined;
  batchGroupMaxRuns?: number | undefined;
  broadcastOutput?: boolean | undefined;
}
