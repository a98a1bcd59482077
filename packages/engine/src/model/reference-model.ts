import { MAX_REQUEUES, onFailureNumber, type TaskDefinition, type WorkflowDefinition } from "@helve/core";

/**
 * What the engine should do, said as plainly as possible and without a thought to speed, locks or several processes. It
 * keeps no counters: whether a task is ready, a run has ended, or an on-failure task is needed is asked of the tasks anew
 * each time. The engine's own decisions are compared with it after every step of random programs.
 */
export class ReferenceModel {
  readonly runs: ModelRun[] = [];
  nowMs = 0;

  trigger(definition: WorkflowDefinition): ModelRun {
    const hook = onFailureNumber(definition);
    const isStandalone = definition.tasks.length === 1 && hook === undefined;
    const numbers = new Map(definition.tasks.map((task, index) => [task.readableId, isStandalone ? 0 : index + 1]));
    const tasks = definition.tasks.map((task) =>
      newTask(
        task,
        numbers.get(task.readableId) as number,
        task.parents.map((parent) => numbers.get(parent) as number),
      ),
    );
    if (definition.onFailure) tasks.push({ ...newTask(definition.onFailure, hook as number, []), isHook: true });
    const run: ModelRun = { index: this.runs.length, tasks, isHookCalled: false, status: undefined };
    this.runs.push(run);
    this.#advance(run);
    return run;
  }

  handOut(task: ModelTask): void {
    task.status = "assigned";
    task.attempt++;
    task.dueAtMs = this.nowMs + task.definition.executionTimeoutMs;
  }

  /** @returns how the report is answered */
  report(run: ModelRun, task: ModelTask, attempt: number, outcome: ModelOutcome): "accepted" | "late" {
    const isCurrent = task.status === "assigned" && task.attempt === attempt;
    if (!isCurrent) {
      const isRepetition = task.attempt === attempt && task.status === wordOf(outcome);
      return isRepetition ? "accepted" : "late";
    }
    switch (outcome) {
      case "started":
        return "accepted";
      case "succeeded":
        end(task, "succeeded");
        break;
      case "cancelled":
        end(task, "cancelled");
        break;
      case "returned":
        this.#queue(task);
        break;
      case "failed":
        this.#fail(run, task, true);
        break;
      case "failed for good":
        this.#fail(run, task, false);
    }
    this.#advance(run);
    return "accepted";
  }

  /** The worker is gone, or never confirmed that it has the task. */
  lose(run: ModelRun, task: ModelTask): void {
    task.requeues++;
    if (task.requeues > MAX_REQUEUES) {
      end(task, "failed");
      run.isHookCalled = true;
    } else {
      this.#queue(task);
    }
    this.#advance(run);
  }

  /** @returns the tasks that were cancelled */
  cancel(run: ModelRun, number: number | "all"): ModelTask[] {
    const named = run.tasks.filter((task) => number === "all" || task.number === number);
    // An on-failure task that nobody has called waits for the end of the run, not for anything that could be stopped.
    const cancelled = named.filter((task) => !isEnded(task) && !(task.isHook && task.status === "waiting"));
    for (const task of cancelled) end(task, "cancelled");
    this.#advance(run);
    return cancelled;
  }

  /** @returns the tasks that run again */
  replay(run: ModelRun, number: number | "all"): ModelTask[] {
    if (number === "all" && run.tasks.some((task) => !isEnded(task))) return [];
    const again = new Set(run.tasks.filter((task) => (number === "all" || task.number === number) && isEnded(task)));
    // Parents come before their children, so one pass reaches all that depend on what was named.
    for (const task of run.tasks) {
      const parents = parentsOf(run, task);
      const mayRun = parents.every((parent) => again.has(parent) || !endedBadly(parent));
      if (isEnded(task) && mayRun && parents.some((parent) => again.has(parent))) again.add(task);
    }
    const isAlone = again.size === 1;
    for (const task of run.tasks) {
      const parents = parentsOf(run, task);
      // Whoever names a task wants it to run, whatever became of its parents.
      if (again.has(task)) task.excused = parents.filter((parent) => !again.has(parent) && endedBadly(parent));
      else task.excused = task.excused.filter((parent) => !again.has(parent));
    }
    for (const task of again) {
      Object.assign(task, { failures: 0, requeues: 0, status: "waiting", dueAtMs: Number.POSITIVE_INFINITY });
      if (task.isHook) run.isHookCalled = isAlone;
    }
    this.#advance(run);
    return [...again];
  }

  /** Time passes; what is due is acted on. */
  jump(ms: number): void {
    this.nowMs += ms;
    for (const run of this.runs) {
      for (const task of run.tasks.filter(({ dueAtMs }) => dueAtMs <= this.nowMs)) {
        if (task.status === "backing_off") this.#queue(task);
        else if (task.status === "queued") end(task, "failed");
        else if (task.status === "assigned") this.#fail(run, task, true);
      }
      this.#advance(run);
    }
  }

  #queue(task: ModelTask): void {
    task.status = "queued";
    task.dueAtMs = this.nowMs + task.definition.scheduleTimeoutMs;
  }

  #fail(run: ModelRun, task: ModelTask, isRetryable: boolean): void {
    const { retries, backoffFactor, backoffMaxSeconds } = task.definition;
    task.failures++;
    if (task.failures > retries || !isRetryable) {
      end(task, "failed");
      run.isHookCalled = true;
      return;
    }
    if (backoffFactor === undefined) {
      this.#queue(task);
      return;
    }
    task.status = "backing_off";
    task.dueAtMs = this.nowMs + Math.min(backoffMaxSeconds ?? 86_400, backoffFactor ** task.failures) * 1000;
  }

  /** Lets everything follow from what the tasks are now. */
  #advance(run: ModelRun): void {
    for (const task of run.tasks) {
      if (task.status !== "waiting" || task.isHook) continue;
      const parents = parentsOf(run, task).filter((parent) => !task.excused.includes(parent));
      if (parents.some(endedBadly)) end(task, "cancelled");
      else if (parents.every(isEnded)) this.#queue(task);
    }
    const hook = run.tasks.find((task) => task.isHook);
    if (hook?.status === "waiting") {
      if (run.isHookCalled) this.#queue(hook);
      else if (run.tasks.every((task) => task === hook || isEnded(task))) end(hook, "skipped");
    }
    const has = (status: ModelStatus) => run.tasks.some((task) => task.status === status);
    if (!run.tasks.every(isEnded)) run.status = undefined;
    else run.status = has("failed") ? "failed" : has("cancelled") ? "cancelled" : "succeeded";
  }
}

export type ModelStatus =
  | "waiting"
  | "queued"
  | "assigned"
  | "backing_off"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "skipped";

export type ModelOutcome = "started" | "succeeded" | "failed" | "failed for good" | "cancelled" | "returned";

export interface ModelTask {
  readonly definition: TaskDefinition;
  /** 0 for a standalone task. */
  readonly number: number;
  readonly parents: readonly number[];
  readonly isHook: boolean;
  status: ModelStatus;
  attempt: number;
  failures: number;
  requeues: number;
  dueAtMs: number;
  /** Parents that ended badly and hold this task up no longer: it was replayed by name. */
  excused: ModelTask[];
}

export interface ModelRun {
  readonly index: number;
  readonly tasks: ModelTask[];
  isHookCalled: boolean;
  status: "succeeded" | "failed" | "cancelled" | undefined;
}

export function isEnded({ status }: ModelTask): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled" || status === "skipped";
}

function endedBadly({ status }: ModelTask): boolean {
  return status === "failed" || status === "cancelled";
}

function parentsOf(run: ModelRun, task: ModelTask): ModelTask[] {
  return run.tasks.filter(({ number }) => task.parents.includes(number));
}

function end(task: ModelTask, status: ModelStatus): void {
  task.status = status;
  task.dueAtMs = Number.POSITIVE_INFINITY;
}

function wordOf(outcome: ModelOutcome): string {
  return outcome === "failed for good" ? "failed" : outcome;
}

function newTask(definition: TaskDefinition, number: number, parents: readonly number[]): ModelTask {
  return {
    definition,
    number,
    parents,
    isHook: false,
    status: "waiting",
    attempt: 0,
    failures: 0,
    requeues: 0,
    dueAtMs: Number.POSITIVE_INFINITY,
    excused: [],
  };
}
