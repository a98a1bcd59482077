import { v1 } from "@helve/contracts";
import type {
  BaseConditionRegistration,
  BatchRegistration,
  ConcurrencyRegistration,
  ConditionsRegistration,
  FilterRegistration,
  IdempotencyRegistration,
  RateLimitRegistration,
  TaskRegistration,
  WorkflowRegistration,
} from "@helve/core";
import { readDesiredLabels } from "./desired-labels.ts";
import { enumWord } from "./enum-word.ts";

/** A registration of v1.AdminService/PutWorkflow in the shape that core checks. */
export function readWorkflow(request: v1.CreateWorkflowVersionRequest): WorkflowRegistration {
  return {
    name: request.name,
    description: request.description,
    eventTriggers: request.eventTriggers,
    cronTriggers: request.cronTriggers,
    cronInput: request.cronInput,
    tasks: request.tasks.map(readTask),
    onFailureTask: request.onFailureTask && readTask(request.onFailureTask),
    sticky: enumWord(v1.StickyStrategy, request.sticky),
    defaultPriority: request.defaultPriority,
    concurrency: request.concurrency && readConcurrency(request.concurrency),
    concurrencyArr: request.concurrencyArr.map(readConcurrency),
    defaultFilters: request.defaultFilters.map(readFilter),
    inputJsonSchema: request.inputJsonSchema?.toString("utf8"),
    idempotency: request.idempotency && readIdempotency(request.idempotency),
  };
}

function readTask(task: v1.CreateTaskOpts): TaskRegistration {
  return {
    readableId: task.readableId,
    action: task.action,
    timeout: task.timeout,
    scheduleTimeout: task.scheduleTimeout,
    parents: task.parents,
    retries: task.retries,
    backoffFactor: task.backoffFactor,
    backoffMaxSeconds: task.backoffMaxSeconds,
    rateLimits: task.rateLimits.map(readRateLimit),
    workerLabels: readDesiredLabels(task.workerLabels),
    concurrency: task.concurrency.map(readConcurrency),
    conditions: task.conditions && readConditions(task.conditions),
    isDurable: task.isDurable,
    slotRequests: task.slotRequests,
    batch: task.batch && readBatch(task.batch),
  };
}

function readConcurrency({ expression, maxRuns, limitStrategy }: v1.Concurrency): ConcurrencyRegistration {
  return { expression, maxRuns, limitStrategy: enumWord(v1.ConcurrencyLimitStrategy, limitStrategy) };
}

function readFilter({ expression, scope, payload }: v1.DefaultFilter): FilterRegistration {
  return { expression, scope, payload: payload?.toString("utf8") };
}

function readIdempotency({ expression, ttlMs, method }: v1.IdempotencyConfig): IdempotencyRegistration {
  return { expression, ttlMs, method: enumWord(v1.IdempotencyMethod, method) };
}

function readRateLimit(limit: v1.CreateTaskRateLimit): RateLimitRegistration {
  const { key, units, keyExpr, unitsExpr, limitValuesExpr, duration } = limit;
  return { key, units, keyExpr, unitsExpr, limitValuesExpr, duration: enumWord(v1.RateLimitDuration, duration) };
}

function readBatch(batch: v1.TaskBatchConfig): BatchRegistration {
  const { batchMaxSize, batchMaxIntervalMs, batchGroupKey, batchGroupMaxRuns, broadcastOutput } = batch;
  return { batchMaxSize, batchMaxIntervalMs, batchGroupKey, batchGroupMaxRuns, broadcastOutput };
}

function readConditions(conditions: v1.TaskConditions): ConditionsRegistration {
  return {
    parentOverrideConditions: conditions.parentOverrideConditions.map(({ base, parentReadableId }) => ({
      base: base && readBase(base),
      parentReadableId,
    })),
    sleepConditions: conditions.sleepConditions.map(({ base, sleepFor }) => ({
      base: base && readBase(base),
      sleepFor,
    })),
    userEventConditions: conditions.userEventConditions.map(({ base, userEventKey }) => ({
      base: base && readBase(base),
      userEventKey,
    })),
  };
}

function readBase({
  readableDataKey,
  action,
  orGroupId,
  expression,
}: v1.BaseMatchCondition): BaseConditionRegistration {
  return { readableDataKey, action: enumWord(v1.Action, action), orGroupId, expression };
}
