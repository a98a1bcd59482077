import { HelveError } from "../errors.ts";
import type { Context } from "../worker/context.ts";
import { BaseWorkflowDeclaration } from "./base-declaration.ts";
import type { Duration } from "./duration.ts";
import type { Anything, OutputType } from "./json.ts";
import type { StickyStrategyInput } from "./priority.ts";
import type { Concurrency, CreateWorkflowTaskOpts, DesiredWorkerLabel, RateLimit } from "./task-options.ts";
import type { WorkflowDefinition } from "./workflow-options.ts";

/** A task of a workflow in its older form. */
export interface LegacyStep {
  name: string;
  /** Names of other steps. */
  parents?: string[] | undefined;
  run: (ctx: Context<Anything>) => OutputType | Promise<OutputType>;
  timeout?: string | undefined;
  retries?: number | undefined;
  backoff?: { factor?: number | undefined; maxSeconds?: number | undefined } | undefined;
  rate_limits?: RateLimit[] | undefined;
  worker_labels?: Record<string, string | number | DesiredWorkerLabel | undefined> | undefined;
}

/** A workflow in its older form: one object with its steps. */
export interface LegacyWorkflow {
  /** Its name. */
  id: string;
  description?: string | undefined;
  version?: string | undefined;
  sticky?: StickyStrategyInput | undefined;
  on?: { cron?: string | undefined; event?: string | undefined } | undefined;
  /** Schedule timeout of its steps. */
  scheduleTimeout?: string | undefined;
  /** Execution timeout of steps that have none. */
  timeout?: string | undefined;
  /** A key that is computed by a function was never limited; it has to be an expression. */
  concurrency?:
    | (Partial<Concurrency> & { name?: string | undefined; key?: ((ctx: Anything) => string) | undefined })
    | undefined;
  steps: LegacyStep[];
  onFailure?: Omit<LegacyStep, "name"> & { name?: string | undefined };
}

/** Brings a workflow of either form into the present one. */
export function toDeclaration(
  workflow: BaseWorkflowDeclaration<Anything, Anything> | LegacyWorkflow,
): BaseWorkflowDeclaration<Anything, Anything> {
  if (workflow instanceof BaseWorkflowDeclaration) return workflow;
  return new BaseWorkflowDeclaration(toDefinition(workflow), undefined);
}

function toDefinition(workflow: LegacyWorkflow): WorkflowDefinition {
  const { id, description, version, sticky, on, timeout, scheduleTimeout } = workflow;
  const tasks = workflow.steps.map(toTask);
  for (const [at, step] of workflow.steps.entries()) {
    (tasks[at] as CreateWorkflowTaskOpts<Anything, Anything>).parents = parentsOf(id, step, tasks);
  }
  return {
    name: id,
    ...{ description, version, sticky, on },
    concurrency: concurrencyOf(id, workflow.concurrency),
    taskDefaults: {
      executionTimeout: timeout as Duration | undefined,
      scheduleTimeout: scheduleTimeout as Duration | undefined,
    },
    tasks,
    onFailure: workflow.onFailure && toTask({ ...workflow.onFailure, name: workflow.onFailure.name ?? "on-failure" }),
  };
}

function toTask(step: LegacyStep): CreateWorkflowTaskOpts<Anything, Anything> {
  return {
    name: step.name,
    fn: (_input, ctx) => step.run(ctx),
    executionTimeout: step.timeout as Duration | undefined,
    retries: step.retries,
    backoff: step.backoff,
    rateLimits: step.rate_limits,
    desiredWorkerLabels: step.worker_labels && labelsOf(step.worker_labels),
  };
}

function parentsOf(
  workflow: string,
  step: LegacyStep,
  tasks: CreateWorkflowTaskOpts<Anything, Anything>[],
): CreateWorkflowTaskOpts<Anything, Anything>[] {
  return (step.parents ?? []).map((name) => {
    const parent = tasks.find((task) => task.name === name);
    if (parent !== undefined) return parent;
    const text = `step '${step.name}' of workflow '${workflow}' names the parent '${name}', which is no step of it`;
    throw new HelveError("invalid_argument", text);
  });
}

function labelsOf(labels: NonNullable<LegacyStep["worker_labels"]>): Record<string, DesiredWorkerLabel> {
  const all: Record<string, DesiredWorkerLabel> = {};
  for (const [key, label] of Object.entries(labels)) {
    if (label !== undefined) all[key] = typeof label === "object" ? label : { value: label };
  }
  return all;
}

function concurrencyOf(workflow: string, concurrency: LegacyWorkflow["concurrency"]): Concurrency | undefined {
  if (concurrency === undefined) return undefined;
  const { expression, maxRuns, limitStrategy } = concurrency;
  if (expression !== undefined) return { expression, maxRuns, limitStrategy };
  const text = `the concurrency of workflow '${workflow}' needs an expression; functions as keys are not called`;
  throw new HelveError("invalid_argument", text);
}
