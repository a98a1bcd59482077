import type { WorkflowEvent } from "@helve/contracts";

/** What a reference needs to be of use. */
export interface RunAccess {
  resultOf(runId: string, standaloneTask: string | undefined): Promise<unknown>;
  cancel(runId: string): Promise<unknown>;
  replay(runId: string): Promise<unknown>;
  events(runId: string): AsyncGenerator<WorkflowEvent, void, undefined>;
}

/** A run that was started, by its id. */
export class WorkflowRunRef<T> {
  /** The run's id. */
  readonly workflowRunId: string;
  readonly #access: RunAccess;
  readonly #standaloneTask: string | undefined;
  #output: Promise<T> | undefined;

  constructor(workflowRunId: string, access: RunAccess, standaloneTask?: string) {
    this.workflowRunId = workflowRunId;
    this.#access = access;
    this.#standaloneTask = standaloneTask;
  }

  /** The run's id, for programs that expect to wait for it. */
  get runId(): Promise<string> {
    return Promise.resolve(this.workflowRunId);
  }

  /** The run's id, for programs that expect to wait for it. */
  getWorkflowRunId(): Promise<string> {
    return this.runId;
  }

  /**
   * The result, when the run has ended. It is first asked for when this is read.
   *
   * @throws RunFailedError when the run failed or was cancelled; HelveError not_found when there is no such run
   */
  get output(): Promise<T> {
    this.#output ??= this.#access.resultOf(this.workflowRunId, this.#standaloneTask) as Promise<T>;
    return this.#output;
  }

  /** The same as `output`. */
  result(): Promise<T> {
    return this.output;
  }

  /** What happens in the run from now on, until it ends. */
  stream(): AsyncGenerator<WorkflowEvent, void, undefined> {
    return this.#access.events(this.workflowRunId);
  }

  /** Cancels the run with all its tasks. A run that has ended stays as it is. */
  async cancel(): Promise<void> {
    await this.#access.cancel(this.workflowRunId);
  }

  /** Runs the tasks of the ended run again. */
  async replay(): Promise<void> {
    await this.#access.replay(this.workflowRunId);
  }

  toJSON(): { workflowRunId: string } {
    return { workflowRunId: this.workflowRunId };
  }
}
