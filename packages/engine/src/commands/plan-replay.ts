import type { Step, Version } from "../catalog/catalog.ts";

/** A task of a DAG as a replay finds it. */
export interface ReplayedTask {
  status: string;
  /** Parents that it still waits for; 0 unless it is waiting. */
  pendingParents: number;
}

/** What a replay does to a DAG, by task number. */
export interface ReplayPlan {
  /** Finished tasks that run again. */
  reopened: { step: Step; pendingParents: number; isWaiting: boolean }[];
  /** Waiting tasks that go on waiting for more parents than before. */
  longer: Map<number, number>;
}

/**
 * Decides which tasks of a DAG run again: those that are named, and all that depend on them, unless something else that
 * they depend on has ended badly and is not replayed too. A task that is named runs whatever became of its parents. Tasks
 * that have not finished are not disturbed; those that wait for a replayed task wait for it anew.
 *
 * @param tasks all tasks of the run
 * @param named "all": every one of them, which takes a run that has ended
 */
export function planReplay(
  version: Pick<Version, "steps" | "children">,
  tasks: ReadonlyMap<number, ReplayedTask>,
  named: ReadonlySet<number> | "all",
): ReplayPlan {
  const steps = version.steps.slice(1);
  const has = (number: number, statuses: readonly string[]) => statuses.includes(tasks.get(number)?.status ?? "");
  const isFinished = (number: number) => has(number, ["succeeded", "failed", "cancelled", "skipped"]);
  const parents = new Map(steps.map((step) => [step.number, parentsOf(step.number, version.children)]));
  const again = new Set<number>();
  if (named === "all" && !steps.every((step) => isFinished(step.number))) return { reopened: [], longer: new Map() };
  // Parents come before their children, so one pass reaches all that depend on what was named.
  for (const { number } of steps) {
    if (!isFinished(number)) continue;
    const own = parents.get(number) as number[];
    const isReached = own.some((parent) => again.has(parent));
    const isHeldUp = own.some((parent) => !again.has(parent) && has(parent, ["failed", "cancelled"]));
    if (named === "all" || named.has(number) || (isReached && !isHeldUp)) again.add(number);
  }

  const plan: ReplayPlan = { reopened: [], longer: new Map() };
  for (const step of steps) {
    const own = parents.get(step.number) as number[];
    if (again.has(step.number)) {
      const pendingParents = own.filter((parent) => again.has(parent) || !isFinished(parent)).length;
      // The on-failure task waits to be called, unless it alone is replayed.
      const isWaiting = pendingParents > 0 || (step.isOnFailure && again.size > 1);
      plan.reopened.push({ step, pendingParents, isWaiting });
    } else if (has(step.number, ["waiting"])) {
      const more = own.filter((parent) => again.has(parent)).length;
      if (more > 0) plan.longer.set(step.number, (tasks.get(step.number) as ReplayedTask).pendingParents + more);
    }
  }
  return plan;
}

function parentsOf(number: number, children: Version["children"]): number[] {
  return children.flatMap((of, parent) => (of.includes(number) ? [parent] : []));
}
