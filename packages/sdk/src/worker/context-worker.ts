import type { TaskRuntime, WorkerLabels } from "./task-runtime.ts";

/** The worker a task runs on, as the task sees it. */
export class ContextWorker {
  readonly #runtime: TaskRuntime;

  constructor(runtime: TaskRuntime) {
    this.#runtime = runtime;
  }

  /** The worker's id. */
  id(): string | undefined {
    return this.#runtime.workerId();
  }

  /** Whether this worker can run tasks of that workflow. */
  hasWorkflow(workflowName: string): boolean {
    return this.#runtime.hasWorkflow(workflowName);
  }

  labels(): WorkerLabels {
    return { ...this.#runtime.workerLabels() };
  }

  /** Sets labels of the worker; others stay. @returns all labels */
  async upsertLabels(labels: WorkerLabels): Promise<WorkerLabels> {
    this.#runtime.upsertWorkerLabels(labels);
    return this.labels();
  }
}
