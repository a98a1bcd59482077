import {
  ConcurrencyLimitStrategy,
  type CreateStepRateLimit,
  type CreateWorkflowJobOpts,
  type CreateWorkflowStepOpts,
  type CreateWorkflowVersionOpts,
  RateLimitDuration,
  StickyStrategy,
  type WorkflowConcurrencyOpts,
} from "@helve/contracts";
import type {
  RateLimitRegistration,
  V0ConcurrencyRegistration,
  V0JobRegistration,
  V0StepRegistration,
  V0WorkflowRegistration,
} from "@helve/core";
import { readDesiredLabels } from "./desired-labels.ts";
import { enumWord } from "./enum-word.ts";

/** A registration of WorkflowService/PutWorkflow, the older form, in the shape that core brings into the present one. */
export function readV0Workflow(opts: CreateWorkflowVersionOpts): V0WorkflowRegistration {
  return {
    name: opts.name,
    description: opts.description,
    eventTriggers: opts.eventTriggers,
    cronTriggers: opts.cronTriggers,
    cronInput: opts.cronInput,
    jobs: opts.jobs.map(readJob),
    concurrency: opts.concurrency && readConcurrency(opts.concurrency),
    scheduleTimeout: opts.scheduleTimeout,
    onFailureJob: opts.onFailureJob && readJob(opts.onFailureJob),
    sticky: enumWord(StickyStrategy, opts.sticky),
    defaultPriority: opts.defaultPriority,
  };
}

function readJob({ steps }: CreateWorkflowJobOpts): V0JobRegistration {
  return { steps: steps.map(readStep) };
}

function readStep(step: CreateWorkflowStepOpts): V0StepRegistration {
  return {
    readableId: step.readableId,
    action: step.action,
    timeout: step.timeout,
    parents: step.parents,
    retries: step.retries,
    backoffFactor: step.backoffFactor,
    backoffMaxSeconds: step.backoffMaxSeconds,
    rateLimits: step.rateLimits.map(readRateLimit),
    workerLabels: readDesiredLabels(step.workerLabels),
  };
}

function readConcurrency(opts: WorkflowConcurrencyOpts): V0ConcurrencyRegistration {
  const { action, expression, maxRuns, limitStrategy } = opts;
  return { action, expression, maxRuns, limitStrategy: enumWord(ConcurrencyLimitStrategy, limitStrategy) };
}

function readRateLimit(limit: CreateStepRateLimit): RateLimitRegistration {
  const { key, units, keyExpr, unitsExpr, limitValuesExpr, duration } = limit;
  return { key, units, keyExpr, unitsExpr, limitValuesExpr, duration: enumWord(RateLimitDuration, duration) };
}
