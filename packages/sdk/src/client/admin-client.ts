import type { Anything } from "../workflow/json.ts";
import { workflowNameOnWire } from "../workflow/registration.ts";
import type { RunOpts } from "../workflow/workflow-options.ts";
import type { RunLauncher } from "./run-launcher.ts";
import { type RunAccess, WorkflowRunRef } from "./run-ref.ts";

/** A run in the words of `runWorkflows`. */
export interface WorkflowRun<T = object> {
  workflowName: string;
  input: T;
  options?: RunOpts | undefined;
}

/** Starts runs by name, as older programs do it. New ones use the declared workflow. */
export class AdminClient {
  readonly #launcher: RunLauncher;
  readonly #access: RunAccess;
  readonly #namespace: string;

  constructor(launcher: RunLauncher, access: RunAccess, namespace: string) {
    this.#launcher = launcher;
    this.#access = access;
    this.#namespace = namespace;
  }

  async runWorkflow<Q = object, P = Anything>(
    workflowName: string,
    input: Q,
    options?: RunOpts,
  ): Promise<WorkflowRunRef<P>> {
    const [ref] = await this.runWorkflows<Q, P>([{ workflowName, input, options }]);
    return ref as WorkflowRunRef<P>;
  }

  /** @returns references in the order of the runs */
  async runWorkflows<Q = object, P = Anything>(runs: WorkflowRun<Q>[]): Promise<WorkflowRunRef<P>[]> {
    const runIds = await this.#launcher.start(
      runs.map(({ workflowName, input, options }) => ({
        workflow: workflowNameOnWire(workflowName, this.#namespace),
        input,
        options,
      })),
    );
    return runIds.map((runId) => new WorkflowRunRef<P>(runId, this.#access));
  }
}
