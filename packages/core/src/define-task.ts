import { ACTION_RULE, isName, NAME_RULE, normaliseActionId } from "./action-id.ts";
import { defineConditions } from "./define-conditions.ts";
import { invalidArgument } from "./errors.ts";
import { durationMs, fieldError, MAX_INT32, oneOf, requiredText, shown, wholeNumber } from "./field-check.ts";
import { DEFAULT_BACKOFF_MAX_SECONDS } from "./retry-delay.ts";
import type {
  BatchDefinition,
  ConcurrencyDefinition,
  DesiredLabel,
  RateLimitDefinition,
  TaskDefinition,
} from "./workflow-definition.ts";
import type {
  BatchRegistration,
  ConcurrencyRegistration,
  LabelRegistration,
  RateLimitRegistration,
  TaskRegistration,
} from "./workflow-registration.ts";

const DEFAULT_TIMEOUT_MS = 300_000;

const STRATEGIES = ["cancel_in_progress", "group_round_robin", "cancel_newest"] as const;
const WINDOWS = ["second", "minute", "hour", "day", "week", "month", "year"] as const;
const COMPARATORS = [
  "equal",
  "not_equal",
  "greater_than",
  "greater_than_or_equal",
  "less_than",
  "less_than_or_equal",
] as const;

/**
 * Checks one task and fills in its defaults. What it says of other tasks (that its parents exist, that its name is the
 * only one) is the workflow's to check.
 *
 * @param place where the task stands in the request, for messages until its name is known
 * @throws HelveError invalid_argument
 */
export function defineTask(input: TaskRegistration, place: string): TaskDefinition {
  const readableId = requiredText(input.readableId, `readable_id of ${place}`, NAME_RULE);
  if (!isName(readableId)) throw fieldError(`readable_id of ${place}`, readableId, NAME_RULE);

  const of = ` of task '${readableId}'`;
  const parents = defineParents(input.parents ?? [], of);
  const conditions = defineConditions(input.conditions ?? {}, parents, of);
  return {
    readableId,
    action: defineAction(input.action, of),
    parents,
    executionTimeoutMs: input.timeout ? durationMs(input.timeout, `timeout${of}`) : DEFAULT_TIMEOUT_MS,
    scheduleTimeoutMs:
      input.scheduleTimeout === undefined
        ? DEFAULT_TIMEOUT_MS
        : durationMs(input.scheduleTimeout, `schedule_timeout${of}`),
    retries: wholeNumber(input.retries ?? 0, `retries${of}`, 0, MAX_INT32),
    ...defineBackoff(input, of),
    isDurable: input.isDurable ?? false,
    slotRequests: defineSlotRequests(input, of),
    workerLabels: defineLabels(input.workerLabels ?? {}, "worker_labels", of),
    concurrency: (input.concurrency ?? []).map((limit) => defineConcurrency(limit, of)),
    rateLimits: (input.rateLimits ?? []).map((limit) => defineRateLimit(limit, of)),
    ...(conditions && { conditions }),
    ...(input.batch && { batch: defineBatch(input.batch, of) }),
  };
}

/** A parent named twice is one parent: who waits for it counts it once. */
function defineParents(parents: readonly string[], of: string): string[] {
  const bad = parents.find((parent) => !isName(parent));
  if (bad !== undefined) throw fieldError(`parents${of}`, bad, NAME_RULE);
  return [...new Set(parents)];
}

function defineAction(action: string | undefined, of: string): string {
  const normalised = normaliseActionId(action ?? "");
  if (normalised === undefined) throw fieldError(`action${of}`, action, ACTION_RULE);
  return normalised;
}

function defineBackoff(
  { backoffFactor, backoffMaxSeconds }: TaskRegistration,
  of: string,
): Pick<TaskDefinition, "backoffFactor" | "backoffMaxSeconds"> {
  const maximum = wholeNumber(
    backoffMaxSeconds ?? DEFAULT_BACKOFF_MAX_SECONDS,
    `backoff_max_seconds${of}`,
    1,
    DEFAULT_BACKOFF_MAX_SECONDS,
  );
  if (backoffFactor === undefined) return {};
  if (!(backoffFactor >= 1 && backoffFactor <= 1000)) {
    throw fieldError(`backoff_factor${of}`, backoffFactor, "must be a number from 1 to 1000");
  }
  return { backoffFactor, backoffMaxSeconds: maximum };
}

function defineSlotRequests({ slotRequests, isDurable }: TaskRegistration, of: string): Record<string, number> {
  const requests = sortedEntries(slotRequests ?? {});
  if (requests.length === 0) return isDurable ? { durable: 1 } : { default: 1 };
  return Object.fromEntries(
    requests.map(([kind, units]) => {
      if (kind === "") throw invalidArgument(`slot_requests${of} has an empty key: it must name a kind of slot`);
      return [kind, wholeNumber(units, `slot_requests[${shown(kind)}]${of}`, 1, MAX_INT32)];
    }),
  );
}

/**
 * Checks worker labels, as a task or a run asks for them, and fills in their defaults.
 *
 * @param name what the request calls them, for messages
 * @param of the task they belong to, as messages end with it; empty for a run's
 * @throws HelveError invalid_argument
 */
export function defineLabels(
  labels: Readonly<Record<string, LabelRegistration>>,
  name: string,
  of: string,
): DesiredLabel[] {
  return sortedEntries(labels).map(([key, label]) => {
    const field = `${name}[${shown(key)}]`;
    const value = label.strValue ?? label.intValue;
    if (value === undefined || (label.strValue !== undefined && label.intValue !== undefined)) {
      throw invalidArgument(`${field}${of} must have exactly one of str_value and int_value`);
    }
    return {
      key,
      value,
      required: label.required ?? false,
      comparator: oneOf(label.comparator ?? "equal", `${field}.comparator${of}`, COMPARATORS),
      weight: wholeNumber(label.weight ?? 100, `${field}.weight${of}`, -MAX_INT32 - 1, MAX_INT32),
    };
  });
}

/**
 * Checks one concurrency limit, of a workflow or of a task.
 *
 * @param of the task it belongs to, as messages end with it; empty for a workflow's
 * @throws HelveError invalid_argument
 */
export function defineConcurrency(input: ConcurrencyRegistration, of: string): ConcurrencyDefinition {
  // Word for word what clients have always been told of this mistake, and then of which task it is.
  if (!input.expression?.trim()) throw invalidArgument(`CEL expression is required for concurrency${of}`);
  return {
    expression: input.expression,
    maxRuns: wholeNumber(input.maxRuns ?? 1, `concurrency.max_runs${of}`, 1, MAX_INT32),
    strategy: oneOf(input.limitStrategy ?? "cancel_in_progress", `concurrency.limit_strategy${of}`, STRATEGIES),
  };
}

/** Units default to 1 unless an expression gives them; the window matters where the limit is set along, to a minute. */
function defineRateLimit(input: RateLimitRegistration, of: string): RateLimitDefinition {
  const key = requiredText(input.key, `rate_limits.key${of}`);
  const keyExpression = optionalExpression(input.keyExpr, `rate_limits.key_expr${of}`);
  const unitsExpression = optionalExpression(input.unitsExpr, `rate_limits.units_expr${of}`);
  const limitExpression = optionalExpression(input.limitValuesExpr, `rate_limits.limit_values_expr${of}`);
  const isStatic = keyExpression === undefined && unitsExpression === undefined && limitExpression === undefined;
  const units = input.units ?? (unitsExpression === undefined ? 1 : undefined);
  const window = input.duration ?? (isStatic ? undefined : "minute");
  return {
    key,
    ...(units !== undefined && { units: wholeNumber(units, `rate_limits.units${of}`, 0, MAX_INT32) }),
    ...(keyExpression !== undefined && { keyExpression }),
    ...(unitsExpression !== undefined && { unitsExpression }),
    ...(limitExpression !== undefined && { limitExpression }),
    ...(window !== undefined && { window: oneOf(window, `rate_limits.duration${of}`, WINDOWS) }),
  };
}

function optionalExpression(text: string | undefined, field: string): string | undefined {
  return text === undefined ? undefined : requiredText(text, field, "must be a CEL expression");
}

/** The default group key is a CEL text literal, so that all tasks are one group. */
function defineBatch(input: BatchRegistration, of: string): BatchDefinition {
  return {
    maxSize: wholeNumber(input.batchMaxSize, `batch.batch_max_size${of}`, 1, 100_000),
    maxIntervalMs: wholeNumber(input.batchMaxIntervalMs ?? 1000, `batch.batch_max_interval_ms${of}`, 1, 86_400_000),
    groupKey: input.batchGroupKey || "'default'",
    groupMaxRuns: wholeNumber(input.batchGroupMaxRuns ?? 100, `batch.batch_group_max_runs${of}`, 1, 10_000),
    broadcastOutput: input.broadcastOutput ?? false,
  };
}

/** Maps of the wire have no order, so they get one here. */
function sortedEntries<Value>(map: Readonly<Record<string, Value>>): [string, Value][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
}
