import type { WorkflowDefinition } from "./workflow-definition.ts";

/**
 * What the ends of tasks do to the rest of their DAG. Pure: the store reads and locks, this decides, the store writes.
 *
 *   a parent succeeds or is skipped ──► a child waits for one parent less; with none left it may run
 *   a parent fails or is cancelled  ──► its children are cancelled, and theirs in turn; other branches go on
 *   the first task fails            ──► the on-failure task may run, at once, without waiting for the others
 *   only the on-failure task is left, still waiting ──► it is skipped
 *   no task is left                 ──► the run has ended: failed before cancelled before succeeded
 *
 * A run row counts the tasks that have not ended. A task ends once: whoever locked the run first decides.
 */
export interface RunState {
  /** Tasks that have not ended, the on-failure task included. */
  remaining: number;
  failed: number;
  cancelled: number;
}

/** How a task ended. Only `failed` calls the on-failure task: a schedule timeout does not, as no code of the task ran. */
export interface TaskEnd {
  number: number;
  status: "succeeded" | "failed" | "cancelled" | "skipped";
  callsOnFailure: boolean;
}

/** The waiting tasks of the run by number, with how many parents each still waits for. Tasks that are not there do not wait. */
export type WaitingTasks = ReadonlyMap<number, number>;

export interface RunAdvance {
  run: RunState;
  /** Set when no task remains. */
  status: "succeeded" | "failed" | "cancelled" | null;
  /** Waiting tasks that may run now. */
  ready: number[];
  /** Waiting tasks that go on waiting, with the parents they still wait for. */
  nearer: Map<number, number>;
  /** Waiting tasks that can no longer run. */
  cancelled: number[];
  /** The on-failure task, when nobody needs it. */
  skipped: number[];
}

/** The children of each task of a definition: `childrenOf(definition)[n]` are the numbers of task n's children. */
export function childrenByNumber(definition: WorkflowDefinition): readonly (readonly number[])[] {
  const numbers = new Map(definition.tasks.map((task, index) => [task.readableId, index + 1]));
  const children: number[][] = Array.from({ length: definition.tasks.length + 2 }, () => []);
  definition.tasks.forEach((task, index) => {
    for (const parent of task.parents) children[numbers.get(parent) ?? 0]?.push(index + 1);
  });
  return children;
}

/** The number of the on-failure task, or undefined when the workflow has none. */
export function onFailureNumber(definition: WorkflowDefinition): number | undefined {
  return definition.onFailure ? definition.tasks.length + 1 : undefined;
}

/**
 * Moves a run on by the ends of some of its tasks.
 *
 * @param children of {@link childrenByNumber}
 * @param waiting  at least: the children of tasks that succeeded, all descendants of tasks that did not, and the
 *   on-failure task
 */
export function advanceRun(
  definition: WorkflowDefinition,
  children: readonly (readonly number[])[],
  before: RunState,
  waiting: WaitingTasks,
  ends: readonly TaskEnd[],
): RunAdvance {
  const run = { ...before };
  const parentsLeft = new Map(waiting);
  const touched = new Set<number>();
  const cancelled: number[] = [];

  const queue: { number: number; status: TaskEnd["status"] }[] = [...ends];
  for (let end = queue.shift(); end; end = queue.shift()) {
    run.remaining--;
    if (end.status === "failed") run.failed++;
    if (end.status === "cancelled") run.cancelled++;
    for (const child of children[end.number] ?? []) {
      const left = parentsLeft.get(child);
      if (left === undefined) continue;
      if (end.status === "succeeded" || end.status === "skipped") {
        parentsLeft.set(child, left - 1);
        touched.add(child);
      } else {
        parentsLeft.delete(child);
        touched.delete(child);
        cancelled.push(child);
        queue.push({ number: child, status: "cancelled" });
      }
    }
  }

  const ready: number[] = [];
  const nearer = new Map<number, number>();
  for (const number of touched) {
    const left = parentsLeft.get(number) as number;
    if (left === 0) ready.push(number);
    else nearer.set(number, left);
  }

  const skipped: number[] = [];
  const hook = onFailureNumber(definition);
  if (hook !== undefined && parentsLeft.has(hook)) {
    if (ends.some((end) => end.callsOnFailure)) ready.push(hook);
    else if (run.remaining === 1) {
      skipped.push(hook);
      run.remaining--;
    }
  }

  return { run, status: run.remaining === 0 ? finalStatus(run) : null, ready, nearer, cancelled, skipped };
}

/** How a run without remaining tasks has ended. */
export function finalStatus(run: RunState): "succeeded" | "failed" | "cancelled" {
  if (run.failed > 0) return "failed";
  return run.cancelled > 0 ? "cancelled" : "succeeded";
}
