import { stickTo, type TaskEnd, taskNumberOf, type WorkerId } from "@helve/core";
import type { LockedTaskRun } from "@helve/store";
import { type Catalog, stepOf, type Version } from "../catalog/catalog.ts";
import type { Route } from "../dispatcher/route.ts";
import type { Placed, Routes } from "../dispatcher/routes.ts";
import type { Target } from "./settlement-targets.ts";

/** The end of a task, on which worker it ran, and what its children are sent of it and of what came before it. */
export type EndOnWorker = TaskEnd & { workerId: WorkerId | null; bytes: number };

/**
 * In a sticky workflow a task belongs to a worker that ran one of its parents: to that of the last parent that succeeded,
 * as far as is known when it ends. A task that has no parents stands where the run's own wish puts it.
 *
 * @returns undefined when the ends say nothing: the task stays on its line
 */
export function stickyRoute(
  routes: Pick<Routes, "findPlaced">,
  version: Version,
  number: number,
  ends: readonly EndOnWorker[],
): Route | undefined {
  const { sticky } = version.definition;
  if (sticky === undefined) return undefined;
  const parent = ends.findLast(
    (end) => end.status === "succeeded" && end.workerId !== null && version.children[end.number]?.includes(number),
  );
  if (!parent) return undefined;
  return routes.findPlaced({
    base: stepOf(version, number).route,
    placement: stickTo(sticky, parent.workerId as WorkerId),
  });
}

/** Makes the routes that {@link stickyRoute} is going to find; nearly always all of them are there. */
export async function loadStickyRoutes(
  routes: Routes,
  catalog: Pick<Catalog, "loaded">,
  targets: readonly Target[],
  rows: ReadonlyMap<string, LockedTaskRun>,
): Promise<void> {
  const missing: Placed[] = [];
  for (const { settlement } of targets) {
    if (settlement.cause.kind !== "succeeded") continue;
    const row = rows.get(settlement.id);
    const version = row && catalog.loaded(row.versionId);
    const sticky = version?.definition.sticky;
    if (!row || !version || sticky === undefined || row.workerId === null) continue;
    for (const child of version.children[taskNumberOf(row.id)] ?? []) {
      const placed = { base: stepOf(version, child).route, placement: stickTo(sticky, row.workerId) };
      if (!routes.findPlaced(placed)) missing.push(placed);
    }
  }
  if (missing.length > 0) await routes.putPlaced(missing);
}
