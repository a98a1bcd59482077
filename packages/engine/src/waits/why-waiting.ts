import { HelveError, notFound, runIdOf, type TaskRunId, type TenantId, taskIdOf, taskNumberOf } from "@helve/core";
import {
  COUNTED_AHEAD,
  getRoutes,
  getTaskRunStates,
  getWaitingTaskRuns,
  type TaskRunState,
  type WaitingTaskRun,
} from "@helve/store";
import type { WaitReason, WaitRule } from "../api.ts";
import { type Catalog, type Step, stepOf, type Version } from "../catalog/catalog.ts";
import type { Route } from "../dispatcher/route.ts";
import type { Routes } from "../dispatcher/routes.ts";
import { queueReasons } from "./queue-reasons.ts";
import { viewWorkers, type WorkerView, type WorkerViewsDeps } from "./worker-view.ts";

export interface WhyWaitingDeps extends WorkerViewsDeps {
  catalog: Catalog;
  routes: Routes;
}

/** Each thing is looked at once, however many tasks wait for it. @see Engine.whyWaiting */
export async function whyWaiting(
  deps: WhyWaitingDeps,
  tenantId: TenantId,
  taskIds: readonly TaskRunId[],
): Promise<Map<TaskRunId, WaitReason[]>> {
  const tasks = await getWaitingTaskRuns(deps.db, tenantId, taskIds);
  const others = taskIds.filter((id) => !tasks.has(id));
  await requireKnown(deps, tenantId, others);
  const scene = await lookAround(deps, tenantId, [...tasks.values()]);
  return new Map(
    taskIds.map((id) => {
      const task = tasks.get(id);
      const reasons = task ? reasonsOf(scene, task) : [];
      // Nothing times out in a pause.
      const deadlineMs = reasons.some(({ rule }) => rule === "paused") ? undefined : (task?.deadlineMs ?? undefined);
      return [id, reasons.map((reason) => ({ ...reason, deadlineMs }))];
    }),
  );
}

async function requireKnown({ db }: WhyWaitingDeps, tenantId: TenantId, ids: readonly TaskRunId[]): Promise<void> {
  const states = await getTaskRunStates(
    db,
    ids.map((id) => ({ tenantId, id })),
  );
  const unknown = ids.find((id) => states.get(id)?.tenantId !== tenantId);
  if (unknown !== undefined) throw notFound(`task run not found: ${unknown}`);
}

/** What tasks can wait for. */
interface Scene {
  version(task: WaitingTaskRun): Version;
  route(task: WaitingTaskRun): Route;
  /** Connected ones of the tenant. */
  workers: readonly WorkerView[];
  parents: ReadonlyMap<TaskRunId, TaskRunState>;
}

async function lookAround(
  { catalog, routes, ...deps }: WhyWaitingDeps,
  tenantId: TenantId,
  tasks: readonly WaitingTaskRun[],
): Promise<Scene> {
  await catalog.ensure(tasks.map(({ versionId }) => versionId));
  const version = ({ versionId }: WaitingTaskRun) => catalog.loaded(versionId) as Version;
  const inLine = tasks.filter(({ status }) => status === "queued");
  const elsewhere = new Set(inLine.map(({ routeId }) => routeId).filter((id) => !routes.byId(id)));
  const parentIds = tasks
    .filter(({ status }) => status === "waiting")
    .flatMap((task) => parentsOf(task, version(task)));
  const [views, rows, parents] = await Promise.all([
    viewWorkers(deps, inLine.length > 0 ? [tenantId] : []),
    getRoutes(deps.db, [...elsewhere]),
    getTaskRunStates(
      deps.db,
      [...new Set(parentIds)].map((id) => ({ tenantId, id })),
    ),
  ]);
  const stored = new Map(rows.map((row) => [row.id, routes.make(row)]));
  return {
    version,
    route({ routeId }) {
      const route = routes.byId(routeId) ?? stored.get(routeId);
      if (!route) throw new HelveError("internal", `route ${routeId} is referred to and not stored`);
      return route;
    },
    workers: views.get(tenantId) ?? [],
    parents,
  };
}

function reasonsOf(scene: Scene, task: WaitingTaskRun): WaitReason[] {
  switch (task.status) {
    case "assigned":
      return [];
    case "backing_off":
      return [
        reason("back_off", "its last attempt failed, and the pause after it is not over", "the end of the pause"),
      ];
    case "waiting":
      return [parentsReason(scene, task)];
    case "queued":
      return [...queueReasons(scene.route(task), scene.workers), ...lineReasons(task)];
  }
}

function lineReasons({ ahead }: WaitingTaskRun): WaitReason[] {
  if (ahead === 0) return [];
  const count =
    ahead === COUNTED_AHEAD ? `${ahead} tasks or more stand` : ahead === 1 ? "1 task stands" : `${ahead} tasks stand`;
  return [reason("line", `${count} before it in its line, more urgent or older`, "those tasks are given out")];
}

function parentsReason(scene: Scene, task: WaitingTaskRun): WaitReason {
  const version = scene.version(task);
  if (stepOf(version, taskNumberOf(task.id)).isOnFailure) {
    return reason("no_failure", "it runs only when a task of its run fails, and none has", "a task of its run fails");
  }
  const open = parentsOf(task, version)
    .flatMap((id) => scene.parents.get(id) ?? [])
    .filter(({ status }) => status !== "succeeded" && status !== "skipped");
  const tasks = open.map(({ id, status }) => ({
    taskId: id,
    detail: `${stepOf(version, taskNumberOf(id)).task.readableId} is ${status.replace("_", " ")}`,
  }));
  const message = `tasks that it depends on have not ended: ${tasks.map(({ detail }) => detail).join(", ")}`;
  return { ...reason("parents", message, "they succeed"), tasks };
}

function parentsOf({ id }: WaitingTaskRun, version: Version): TaskRunId[] {
  const number = taskNumberOf(id);
  const isParent = (other: Step) => version.children[other.number]?.includes(number);
  return version.steps.slice(1).flatMap((step) => (isParent(step) ? taskIdOf(runIdOf(id), step.number) : []));
}

function reason(rule: WaitRule, message: string, releasedBy: string): WaitReason {
  return { rule, message, releasedBy, workers: [], tasks: [], deadlineMs: undefined };
}
