import { invalidArgument } from "./errors.ts";
import type {
  ConcurrencyRegistration,
  RateLimitRegistration,
  TaskRegistration,
  WorkflowRegistration,
} from "./workflow-registration.ts";

/**
 * A workflow in the older form of registration: tasks are steps, and steps stand in jobs. Fields of that form which have
 * no effect (version, kind, scheduled triggers, a job's name, a step's inputs and user data) are not listed.
 */
export interface V0WorkflowRegistration {
  name?: string | undefined;
  description?: string | undefined;
  eventTriggers?: readonly string[] | undefined;
  cronTriggers?: readonly string[] | undefined;
  cronInput?: string | undefined;
  jobs?: readonly V0JobRegistration[] | undefined;
  concurrency?: V0ConcurrencyRegistration | undefined;
  scheduleTimeout?: string | undefined;
  onFailureJob?: V0JobRegistration | undefined;
  sticky?: string | undefined;
  defaultPriority?: number | undefined;
}

export interface V0JobRegistration {
  steps?: readonly V0StepRegistration[] | undefined;
}

export interface V0StepRegistration {
  readableId?: string | undefined;
  action?: string | undefined;
  timeout?: string | undefined;
  parents?: readonly string[] | undefined;
  retries?: number | undefined;
  backoffFactor?: number | undefined;
  backoffMaxSeconds?: number | undefined;
  rateLimits?: readonly RateLimitRegistration[] | undefined;
  workerLabels?: TaskRegistration["workerLabels"];
}

export interface V0ConcurrencyRegistration extends ConcurrencyRegistration {
  /** An action that would compute the key. No engine calls it any more. */
  action?: string | undefined;
}

/**
 * Brings the older form into the present one. The steps of all jobs become one list of tasks, so parents may stand in
 * another job; the first step of the on-failure job is the on-failure task; the workflow's schedule timeout is that of
 * each task.
 *
 * @throws HelveError invalid_argument for an on-failure job without steps; all else is left to `defineWorkflow`
 */
export function fromV0(input: V0WorkflowRegistration): WorkflowRegistration {
  const { name, description, eventTriggers, cronTriggers, cronInput, sticky, defaultPriority } = input;
  const taskOf = (step: V0StepRegistration): TaskRegistration => ({
    readableId: step.readableId,
    action: step.action,
    timeout: step.timeout,
    scheduleTimeout: input.scheduleTimeout,
    parents: step.parents,
    retries: step.retries,
    backoffFactor: step.backoffFactor,
    backoffMaxSeconds: step.backoffMaxSeconds,
    rateLimits: step.rateLimits,
    workerLabels: step.workerLabels,
  });
  const onFailureStep = firstStep(input.onFailureJob);
  return {
    name,
    description,
    eventTriggers,
    cronTriggers,
    cronInput,
    tasks: (input.jobs ?? []).flatMap((job) => job.steps ?? []).map(taskOf),
    onFailureTask: onFailureStep && taskOf(onFailureStep),
    sticky,
    defaultPriority,
    concurrency: concurrencyOf(input.concurrency),
  };
}

function firstStep(job: V0JobRegistration | undefined): V0StepRegistration | undefined {
  if (job === undefined) return undefined;
  const step = job.steps?.[0];
  if (step === undefined) throw invalidArgument("on_failure_job.steps is empty: it must hold the step to run");
  return step;
}

/**
 * A limit whose key an action computes is dropped whole: clients that send one have always been accepted and never
 * limited, and their programs run on that.
 */
function concurrencyOf(input: V0ConcurrencyRegistration | undefined): ConcurrencyRegistration | undefined {
  if (input === undefined || input.action) return undefined;
  return { expression: input.expression, maxRuns: input.maxRuns, limitStrategy: input.limitStrategy };
}
