import { randomUUID } from "node:crypto";
import { helve, type v1 } from "@helve/contracts";

const { OUTCOME_SUCCEEDED, OUTCOME_FAILED, OUTCOME_RETURNED, OUTCOME_STARTED } = helve.Outcome;
const { RUN_STATUS_SUCCEEDED, RUN_STATUS_FAILED, RUN_STATUS_CANCELLED } = helve.RunStatus;

/** A worker that can be given tasks. */
export interface LoopbackSlots {
  readonly workerId: string;
  readonly actions: ReadonlySet<string>;
  free: number;
  assign(assignment: helve.Assignment): void;
  cancel(cancel: helve.Cancel): void;
}

interface Task {
  readonly run: Run;
  readonly definition: v1.CreateTaskOpts;
  readonly id: string;
  attempt: number;
  failures: number;
  state: "waiting" | "queued" | "assigned" | "ended";
  status: helve.RunStatus;
  output: string;
  error: string;
  worker: LoopbackSlots | undefined;
}

interface Run {
  readonly id: string;
  readonly trigger: helve.Trigger;
  readonly tasks: Task[];
  open: number;
  status: helve.RunStatus;
  listeners: ((ended: helve.RunEnded) => void)[];
}

/**
 * Runs and tasks, in memory: graphs, retries without a pause, cancelling, children by index. As much of an engine as the
 * tests of this package need, and fast, since the cost of the SDK is measured against it.
 */
export class LoopbackRuns {
  readonly workflows: Map<string, v1.CreateWorkflowVersionRequest> = new Map();
  readonly workers: Set<LoopbackSlots> = new Set();
  readonly #runs = new Map<string, Run>();
  readonly #tasks = new Map<string, Task>();
  readonly #children = new Map<string, string>();
  #queue: Task[] = [];

  /** @returns the run's id, or why there is none */
  start(trigger: helve.Trigger): string | helve.Refusal {
    const workflow = this.workflows.get(trigger.workflow);
    if (workflow === undefined) {
      return { code: "invalid_argument", message: `workflow names not found: ${trigger.workflow}` };
    }
    const childKey = `${trigger.parentTaskId} ${trigger.childKey ?? trigger.childIndex}`;
    const known = trigger.parentTaskId === undefined ? undefined : this.#children.get(childKey);
    if (known !== undefined) return known;
    const run = this.#newRun(trigger, workflow);
    if (trigger.parentTaskId !== undefined) this.#children.set(childKey, run.id);
    for (const task of run.tasks) if (task.definition.parents.length === 0) this.#enqueue(task);
    return run.id;
  }

  /** Calls back when the run has ended, or now if it had. @returns false for an unknown run */
  onEnded(runId: string, listener: (ended: helve.RunEnded) => void): boolean {
    const run = this.#runs.get(runId);
    if (run === undefined) return false;
    if (run.open === 0) listener(this.#endedMessage(run));
    else run.listeners.push(listener);
    return true;
  }

  /** Hands out what waits, to whoever has room. */
  handOut(): void {
    const left: Task[] = [];
    for (const task of this.#queue) {
      const worker = task.state === "queued" ? this.#workerFor(task) : undefined;
      if (worker !== undefined) this.#assign(task, worker);
      else if (task.state === "queued") left.push(task);
    }
    this.#queue = left;
  }

  report({ taskId, attempt, outcome, payload, notRetryable }: helve.Report): void {
    const task = this.#tasks.get(taskId);
    if (task === undefined || outcome === OUTCOME_STARTED) return;
    if (task.worker !== undefined && task.attempt === attempt) {
      task.worker.free += 1;
      task.worker = undefined;
    }
    if (task.attempt !== attempt || task.state !== "assigned") return;
    if (outcome === OUTCOME_SUCCEEDED) this.#end(task, RUN_STATUS_SUCCEEDED, payload, "");
    else if (outcome === OUTCOME_RETURNED) this.#enqueue(task);
    else if (outcome === OUTCOME_FAILED) this.#failed(task, payload, notRetryable);
  }

  cancel(id: string): boolean {
    const run = this.#runs.get(id) ?? this.#tasks.get(id)?.run;
    if (run === undefined || run.open === 0) return false;
    for (const task of run.tasks) {
      if (task.state === "ended") continue;
      task.worker?.cancel({ taskId: task.id, attempt: task.attempt, reason: "cancelled by a test" });
      this.#end(task, RUN_STATUS_CANCELLED, "", "cancelled by a test");
    }
    return true;
  }

  /** A worker is back: what it holds is its own again, what it should have and does not hold goes back to the line. */
  adopt(worker: LoopbackSlots, holding: readonly helve.Attempt[]): void {
    const held = new Map(holding.map(({ taskId, attempt }) => [taskId, attempt]));
    for (const task of this.#tasks.values()) {
      if (task.worker?.workerId !== worker.workerId) continue;
      const isHeld = held.get(task.id) === task.attempt;
      task.worker = isHeld ? worker : undefined;
      if (isHeld) worker.free -= 1;
      else if (task.state === "assigned") this.#enqueue(task);
    }
  }

  details(runId: string): { status: helve.RunStatus; isDone: boolean } | undefined {
    const run = this.#runs.get(runId);
    return run && { status: run.status, isDone: run.open === 0 };
  }

  #newRun(trigger: helve.Trigger, workflow: v1.CreateWorkflowVersionRequest): Run {
    const id = randomUUID();
    const run: Run = {
      id,
      trigger,
      tasks: [],
      open: workflow.tasks.length,
      status: RUN_STATUS_SUCCEEDED,
      listeners: [],
    };
    for (const definition of workflow.tasks) run.tasks.push(this.#newTask(run, definition));
    this.#runs.set(run.id, run);
    return run;
  }

  #newTask(run: Run, definition: v1.CreateTaskOpts): Task {
    const task: Task = {
      run,
      definition,
      id: randomUUID(),
      attempt: 0,
      failures: 0,
      state: "waiting",
      status: RUN_STATUS_SUCCEEDED,
      output: "",
      error: "",
      worker: undefined,
    };
    this.#tasks.set(task.id, task);
    return task;
  }

  #enqueue(task: Task): void {
    task.state = "queued";
    task.worker = undefined;
    this.#queue.push(task);
  }

  #workerFor(task: Task): LoopbackSlots | undefined {
    for (const worker of this.workers) {
      if (worker.free > 0 && worker.actions.has(task.definition.action)) return worker;
    }
    return undefined;
  }

  #assign(task: Task, worker: LoopbackSlots): void {
    task.attempt += 1;
    task.state = "assigned";
    task.worker = worker;
    worker.free -= 1;
    const { run, definition } = task;
    worker.assign({
      taskId: task.id,
      attempt: task.attempt,
      runId: run.id,
      action: definition.action,
      taskName: definition.readableId,
      input: run.trigger.input,
      parents: this.#parentOutputs(task),
      metadata: run.trigger.metadata || "{}",
      priority: run.trigger.priority ?? 1,
      workflowId: run.id,
      workflowVersionId: run.id,
      parentTaskId: run.trigger.parentTaskId,
      childIndex: run.trigger.childIndex,
      childKey: run.trigger.childKey,
      retryCount: task.attempt - 1,
      executionTimeoutMs: 60_000,
    });
  }

  #parentOutputs({ run, definition }: Task): string {
    if (definition.parents.length === 0) return "";
    const parents = run.tasks.filter((task) => definition.parents.includes(task.definition.readableId));
    return `{${parents.map((task) => `${JSON.stringify(task.definition.readableId)}:${task.output}`).join(",")}}`;
  }

  #failed(task: Task, error: string, notRetryable: boolean): void {
    task.failures += 1;
    if (!notRetryable && task.failures <= task.definition.retries) {
      this.#enqueue(task);
      return;
    }
    this.#end(task, RUN_STATUS_FAILED, "", error);
  }

  #end(task: Task, status: helve.RunStatus, output: string, error: string): void {
    const { run } = task;
    Object.assign(task, { state: "ended", status, output, error });
    run.open -= 1;
    if (status !== RUN_STATUS_SUCCEEDED) run.status = status;
    for (const next of run.tasks) {
      if (next.state !== "waiting" || !next.definition.parents.includes(task.definition.readableId)) continue;
      if (status !== RUN_STATUS_SUCCEEDED) this.#end(next, RUN_STATUS_CANCELLED, "", "");
      else if (this.#areParentsDone(next)) this.#enqueue(next);
    }
    if (run.open > 0) return;
    if (run.tasks.some((one) => one.status === RUN_STATUS_FAILED)) run.status = RUN_STATUS_FAILED;
    for (const listener of run.listeners.splice(0)) listener(this.#endedMessage(run));
  }

  #areParentsDone({ run, definition }: Task): boolean {
    return run.tasks.every(
      (task) => !definition.parents.includes(task.definition.readableId) || task.state === "ended",
    );
  }

  #endedMessage({ id, status, tasks }: Run): helve.RunEnded {
    const results = tasks.map((task) => ({
      taskName: task.definition.readableId,
      taskId: task.id,
      status: task.status,
      output: task.output,
      error: task.error,
    }));
    return { runId: id, status, tasks: results, unknown: false };
  }
}
