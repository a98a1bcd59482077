import type { RunRequest } from "../client/run-launcher.ts";
import { WorkflowRunRef } from "../client/run-ref.ts";
import type { BaseWorkflowDeclaration } from "../workflow/base-declaration.ts";
import type { Anything, InputType, OutputType } from "../workflow/json.ts";
import { workflowNameOnWire } from "../workflow/registration.ts";
import type { RunOpts } from "../workflow/workflow-options.ts";
import type { Attempt } from "./attempt.ts";

/** A child of a task. */
export interface ChildRun<Q extends InputType = Anything, P extends OutputType = Anything> {
  workflow: string | BaseWorkflowDeclaration<Q, P>;
  input: Q;
  options?: (RunOpts & { key?: string | undefined }) | undefined;
}

/** @returns results in the order of the children */
export function runChildren(parent: Attempt, children: readonly ChildRun[]): Promise<unknown[]> {
  return parent.runtime.launcher.startAndWait(requestsOf(parent, children), false, parent);
}

/** @returns references in the order of the children */
export async function startChildren(
  parent: Attempt,
  children: readonly ChildRun[],
): Promise<WorkflowRunRef<unknown>[]> {
  const requests = requestsOf(parent, children);
  const runIds = await parent.runtime.launcher.start(requests, parent);
  return runIds.map((runId, at) => new WorkflowRunRef(runId, parent.runtime.runs, requests[at]?.standaloneTask));
}

function requestsOf(parent: Attempt, children: readonly ChildRun[]): RunRequest[] {
  return children.map(({ workflow, input, options }) => ({
    workflow: workflowNameOnWire(typeof workflow === "string" ? workflow : workflow.name, parent.runtime.namespace),
    standaloneTask: typeof workflow === "string" ? undefined : workflow.standaloneTaskName,
    input,
    options: options?.key === undefined ? options : { ...options, childKey: options.childKey ?? options.key },
  }));
}
