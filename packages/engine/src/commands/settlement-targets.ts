import { type RunId, runIdOf, type TaskRunId, taskIdOf, taskNumberOf } from "@helve/core";
import { type Db, type LockedTaskRun, lockTaskRuns, type UnfinishedWorkflowRun } from "@helve/store";
import type { Catalog, Version } from "../catalog/catalog.ts";
import type { Settlement } from "./settlement.ts";

/** A settlement of one task, and its place in the list it came from. */
export interface Target {
  settlement: Settlement;
  index: number;
}

type Runs = ReadonlyMap<RunId, UnfinishedWorkflowRun>;

/** The runs of several tasks that settlements may be about. A cancel may name a run or a standalone task. */
export function runsOf(settlements: readonly Settlement[]): RunId[] {
  const ids = new Set<RunId>();
  for (const { id, cause } of settlements) {
    if (taskNumberOf(id) > 0 || cause.kind === "cancelled") ids.add(runIdOf(id));
  }
  return [...ids];
}

/**
 * Locks the tasks that settlements are about and all that their ends can touch.
 *
 * @param runs locked before
 */
export async function lockConcerned(
  tx: Db,
  catalog: Catalog,
  settlements: readonly Settlement[],
  runs: Runs,
): Promise<{ targets: Target[]; rows: Map<TaskRunId, LockedTaskRun> }> {
  await catalog.ensure(new Set([...runs.values()].map((run) => run.versionId)), tx);
  const { targets, ids } = tasksConcerned(catalog, settlements, runs);
  const rows = new Map((await lockTaskRuns(tx, [...ids].sort())).map((row) => [row.id, row]));
  await catalog.ensure(new Set([...rows.values()].map((row) => row.versionId)), tx);
  return { targets, rows };
}

/**
 * The tasks that settlements are about, a cancel of a run being about each of its tasks, and the ids of all that their ends
 * can touch: the children of one that succeeded, all descendants of one that did not, and the on-failure task.
 */
export function tasksConcerned(
  catalog: Pick<Catalog, "loaded">,
  settlements: readonly Settlement[],
  runs: Runs,
): { targets: Target[]; ids: Set<TaskRunId> } {
  const versionOf = (run: UnfinishedWorkflowRun) => catalog.loaded(run.versionId) as Version;
  const targets = settlements.flatMap((settlement, index): Target[] => {
    const run = taskNumberOf(settlement.id) === 0 ? runs.get(settlement.id) : undefined;
    if (!run) return [{ settlement, index }];
    const numbers = versionOf(run)
      .steps.slice(1)
      .map((step) => step.number);
    return numbers.map((number) => ({ settlement: { ...settlement, id: taskIdOf(run.id, number) }, index }));
  });
  const ids = new Set<TaskRunId>();
  for (const { settlement } of targets) {
    ids.add(settlement.id);
    const number = taskNumberOf(settlement.id);
    const run = number > 0 ? runs.get(runIdOf(settlement.id)) : undefined;
    if (run) for (const other of touchedBy(settlement, versionOf(run), number)) ids.add(taskIdOf(run.id, other));
  }
  return { targets, ids };
}

function touchedBy({ cause }: Settlement, version: Version, number: number): readonly number[] {
  // Anybody may name a task that the run does not have.
  const step = version.steps[number];
  const others = cause.kind === "succeeded" ? version.children[number] : step?.descendants;
  const last = version.steps.at(-1);
  return [...(others ?? []), ...(last?.isOnFailure ? [last.number] : [])];
}
