import type { Environment } from "../config/environment.ts";
import { HelveError } from "../errors.ts";
import type { BaseWorkflowDeclaration } from "../workflow/base-declaration.ts";
import type { Anything } from "../workflow/json.ts";
import type { LegacyWorkflow } from "../workflow/legacy-workflow.ts";
import type { WorkerLabels } from "./task-runtime.ts";

/** How a worker is made. */
export interface CreateWorkerOpts {
  /** What it can run. More can be added with `registerWorkflows` until it starts. */
  workflows?: (BaseWorkflowDeclaration<Anything, Anything> | LegacyWorkflow)[] | undefined;
  /** How many tasks it runs at once. @default 100 */
  slots?: number | undefined;
  /** @deprecated the older name of `slots` */
  maxRuns?: number | undefined;
  /**
   * By which tasks can choose it. Added to them are `helve-copy` and `helve-build` where HELVE_COPY and HELVE_BUILD are
   * set: by the first a supervisor recognises its copies, by the second builds are told apart.
   */
  labels?: WorkerLabels | undefined;
  /**
   * On SIGTERM and SIGINT the worker stops. With true the process then exits with 0; with false that is left to the
   * program. A second signal exits at once.
   * @default true
   */
  handleKill?: boolean | undefined;
  /** How long, in ms, running tasks may go on when the worker stops; the rest is given back. @default 30000 */
  gracePeriodMs?: number | undefined;
}

export interface WorkerSettings {
  slots: number;
  labels: WorkerLabels;
  handleKill: boolean;
  gracePeriodMs: number;
}

/** @throws HelveError invalid_argument naming the option */
export function workerSettings(options: CreateWorkerOpts, env: Environment): WorkerSettings {
  return {
    slots: checked("slots", options.slots ?? options.maxRuns ?? 100, 1),
    labels: { ...labelsOf(env), ...options.labels },
    handleKill: options.handleKill ?? true,
    gracePeriodMs: checked("gracePeriodMs", options.gracePeriodMs ?? 30_000, 0),
  };
}

function labelsOf({ HELVE_COPY, HELVE_BUILD }: Environment): WorkerLabels {
  return { ...(HELVE_COPY && { "helve-copy": HELVE_COPY }), ...(HELVE_BUILD && { "helve-build": HELVE_BUILD }) };
}

function checked(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new HelveError("invalid_argument", `${name} of a worker is ${value}; it must be a whole number from ${least}`);
}
