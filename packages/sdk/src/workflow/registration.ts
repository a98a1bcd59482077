import { v1 } from "@helve/contracts";
import { withNamespace } from "../config/namespace.ts";
import { HelveError } from "../errors.ts";
import { conditionsToWire } from "./conditions.ts";
import { durationToString } from "./duration.ts";
import type { Anything } from "./json.ts";
import type { StickyStrategyInput } from "./priority.ts";
import { jsonSchemaOf } from "./standard-schema.ts";
import type {
  Concurrency,
  CreateBaseTaskOpts,
  CreateWorkflowTaskOpts,
  DesiredWorkerLabel,
  RateLimit,
} from "./task-options.ts";
import type { TaskDefaults, WorkflowDefinition } from "./workflow-options.ts";

export const ON_FAILURE_TASK_NAME = "on-failure-task";
export const ON_SUCCESS_TASK_NAME = "on-success-task";

/** The name a workflow is known by to the engine. Names are in lower case there, as its other clients have them. */
export function workflowNameOnWire(name: string, prefix: string): string {
  return withNamespace(name, prefix).toLowerCase();
}

/** The name of what a worker must be able to do to run this task. */
export function actionId(workflowName: string, taskName: string): string {
  return `${workflowName}:${taskName}`.toLowerCase();
}

/** The tasks of a workflow, the one for success among them, which is a task behind all those that nothing stands behind. */
export function tasksOf(definition: WorkflowDefinition): CreateWorkflowTaskOpts<Anything, Anything>[] {
  const { tasks, onSuccess } = definition;
  if (onSuccess === undefined) return tasks;
  const options = typeof onSuccess === "function" ? { fn: onSuccess } : onSuccess;
  const isParent = new Set(tasks.flatMap((task) => task.parents?.map((parent) => parent.name) ?? []));
  const leaves = tasks.filter((task) => !isParent.has(task.name));
  return [...tasks, { ...options, name: ON_SUCCESS_TASK_NAME, parents: leaves }];
}

/** The task for failure, if the workflow has one. */
export function onFailureTaskOf(
  definition: WorkflowDefinition,
): CreateWorkflowTaskOpts<Anything, Anything> | undefined {
  const { onFailure } = definition;
  if (onFailure === undefined) return undefined;
  const options = typeof onFailure === "function" ? { fn: onFailure } : onFailure;
  return { ...options, name: ON_FAILURE_TASK_NAME };
}

/**
 * A workflow as the engine stores it.
 *
 * @param prefix of the namespace
 * @throws HelveError invalid_argument for what can be seen to be wrong without the engine
 */
export function toRegistration(definition: WorkflowDefinition, prefix: string): v1.CreateWorkflowVersionRequest {
  const name = workflowNameOnWire(definition.name, prefix);
  if (definition.tasks.length === 0) {
    throw new HelveError("invalid_argument", `workflow '${name}' has no tasks; declare one with workflow.task(…)`);
  }
  const onFailure = onFailureTaskOf(definition);
  const schema = definition.inputValidator && jsonSchemaOf(definition.inputValidator);
  return {
    name,
    description: definition.description ?? "",
    version: definition.version ?? "",
    eventTriggers: listOf(definition.onEvents, definition.on?.event).map((key) => withNamespace(key, prefix)),
    cronTriggers: listOf(definition.onCrons, definition.on?.cron),
    tasks: tasksOf(definition).map((task) => taskToWire(name, task, definition.taskDefaults ?? {}, prefix)),
    onFailureTask: onFailure && onFailureToWire(name, onFailure, definition.taskDefaults ?? {}, prefix),
    sticky: stickyToWire(definition.sticky),
    defaultPriority: definition.defaultPriority,
    concurrencyArr: [definition.concurrency ?? []].flat().map(concurrencyToWire),
    defaultFilters: (definition.defaultFilters ?? []).map(({ expression, scope, payload }) => ({
      expression,
      scope,
      payload: payload && Buffer.from(JSON.stringify(payload)),
    })),
    inputJsonSchema: schema && Buffer.from(JSON.stringify(schema)),
    idempotency: definition.idempotency && idempotencyToWire(definition.idempotency),
  };
}

function listOf(list: string[] | undefined, older: string | string[] | undefined): string[] {
  return [...(list ?? []), ...[older ?? []].flat()];
}

function taskToWire(
  workflowName: string,
  task: CreateWorkflowTaskOpts<Anything, Anything>,
  defaults: TaskDefaults,
  prefix: string,
): v1.CreateTaskOpts {
  const scheduleTimeout = task.scheduleTimeout ?? defaults.scheduleTimeout;
  return {
    readableId: task.name,
    action: actionId(workflowName, task.name),
    timeout: durationToString(task.executionTimeout ?? task.timeout ?? defaults.executionTimeout ?? "60s"),
    scheduleTimeout: scheduleTimeout === undefined ? undefined : durationToString(scheduleTimeout),
    inputs: "{}",
    parents: task.parents?.map((parent) => parent.name) ?? [],
    retries: task.retries ?? defaults.retries ?? 0,
    backoffFactor: task.backoff?.factor ?? defaults.backoff?.factor,
    backoffMaxSeconds: task.backoff?.maxSeconds ?? defaults.backoff?.maxSeconds,
    rateLimits: (task.rateLimits ?? defaults.rateLimits ?? []).map((limit) => rateLimitToWire(task.name, limit)),
    workerLabels: desiredLabelsToWire(task.desiredWorkerLabels ?? defaults.workerLabels ?? {}),
    concurrency: [task.concurrency ?? defaults.concurrency ?? []].flat().map(concurrencyToWire),
    conditions: conditionsToWire(task, prefix),
    isDurable: false,
    slotRequests: { default: slotsOf(task) },
  };
}

/** Limits for tasks of the workflow do not hold for the one that cleans up after them. */
function onFailureToWire(
  workflowName: string,
  task: CreateWorkflowTaskOpts<Anything, Anything>,
  defaults: TaskDefaults,
  prefix: string,
): v1.CreateTaskOpts {
  return taskToWire(workflowName, task, { ...defaults, concurrency: undefined }, prefix);
}

function slotsOf(task: Pick<CreateBaseTaskOpts, "name" | "slotCost">): number {
  const cost = task.slotCost ?? 1;
  if (Number.isInteger(cost) && cost > 0) return cost;
  throw new HelveError(
    "invalid_argument",
    `slotCost of task '${task.name}' is ${cost}; it must be a whole number above 0`,
  );
}

function concurrencyToWire({ expression, maxRuns, limitStrategy }: Concurrency): v1.Concurrency {
  return { expression, maxRuns, limitStrategy };
}

/** Labels that a task or a run wants of its worker. */
export function desiredLabelsToWire(
  labels: Record<string, DesiredWorkerLabel>,
): Record<string, v1.DesiredWorkerLabels> {
  const wire: Record<string, v1.DesiredWorkerLabels> = {};
  for (const [key, { value, required, weight, comparator }] of Object.entries(labels)) {
    const strValue = typeof value === "string" ? value : undefined;
    const intValue = typeof value === "number" ? value : undefined;
    wire[key] = { strValue, intValue, required, weight, comparator };
  }
  return wire;
}

function rateLimitToWire(taskName: string, limit: RateLimit): v1.CreateTaskRateLimit {
  const staticKey = limit.staticKey ?? limit.key;
  const key = limit.dynamicKey ?? staticKey;
  if (key === undefined || (limit.dynamicKey !== undefined && staticKey !== undefined)) {
    throw new HelveError("invalid_argument", `a rate limit of task '${taskName}' needs either staticKey or dynamicKey`);
  }
  if (limit.dynamicKey !== undefined && limit.limit === undefined) {
    throw new HelveError(
      "invalid_argument",
      `the rate limit '${key}' of task '${taskName}' is dynamic and needs a limit`,
    );
  }
  return {
    key,
    keyExpr: limit.dynamicKey,
    units: typeof limit.units === "number" ? limit.units : undefined,
    unitsExpr: typeof limit.units === "string" ? limit.units : undefined,
    // -1 says that the limit itself is set elsewhere.
    limitValuesExpr: limit.limit === undefined ? "-1" : String(limit.limit),
    duration: limit.duration,
  };
}

function stickyToWire(sticky: StickyStrategyInput | undefined): v1.StickyStrategy | undefined {
  if (sticky === undefined) return undefined;
  const isHard = sticky === 1 || sticky === "hard" || sticky === "HARD";
  return isHard ? v1.StickyStrategy.HARD : v1.StickyStrategy.SOFT;
}

function idempotencyToWire(config: NonNullable<WorkflowDefinition["idempotency"]>): v1.IdempotencyConfig {
  return config.strategy === "status"
    ? { expression: config.expression, ttlMs: config.fallbackTtlMs, method: v1.IdempotencyMethod.STATUS }
    : { expression: config.expression, ttlMs: config.ttlMs, method: v1.IdempotencyMethod.TTL };
}
