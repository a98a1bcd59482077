import { HelveError, notFound, runIdOf, type TaskRunId, type TenantId, taskIdOf, taskNumberOf } from "@helve/core";
import {
  COUNTED_AHEAD,
  getRoutes,
  getTaskRunStates,
  getWaitingTaskRun,
  type RouteRow,
  type WaitingTaskRun,
} from "@helve/store";
import type { WaitReason, WaitRule } from "../api.ts";
import { type Catalog, type Step, stepOf, type Version } from "../catalog/catalog.ts";
import { Route } from "../dispatcher/route.ts";
import type { Routes } from "../dispatcher/routes.ts";
import { queueReasons } from "./queue-reasons.ts";
import { viewWorkers, type WorkerViewsDeps } from "./worker-view.ts";

export interface WhyWaitingDeps extends WorkerViewsDeps {
  catalog: Catalog;
  routes: Routes;
}

/** @see Engine.whyWaiting */
export async function whyWaiting(deps: WhyWaitingDeps, tenantId: TenantId, taskId: TaskRunId): Promise<WaitReason[]> {
  const { db, catalog } = deps;
  const task = await getWaitingTaskRun(db, tenantId, taskId);
  if (!task) {
    const states = await getTaskRunStates(db, [{ tenantId, id: taskId }]);
    if (states.get(taskId)?.tenantId !== tenantId) throw notFound(`task run not found: ${taskId}`);
    return [];
  }
  await catalog.ensure([task.versionId]);
  const version = catalog.loaded(task.versionId) as Version;
  const reasons = await reasonsOf(deps, task, version);
  return reasons.map((reason) => ({ ...reason, deadlineMs: task.deadlineMs ?? undefined }));
}

async function reasonsOf(deps: WhyWaitingDeps, task: WaitingTaskRun, version: Version): Promise<WaitReason[]> {
  switch (task.status) {
    case "assigned":
      return [];
    case "backing_off":
      return [
        reason("back_off", "its last attempt failed, and the pause after it is not over", "the end of the pause"),
      ];
    case "waiting":
      return [await parentsReason(deps, task, version)];
    case "queued":
      return [...(await inLine(deps, task)), ...lineReasons(task)];
  }
}

async function inLine({ routes, ...deps }: WhyWaitingDeps, task: WaitingTaskRun): Promise<WaitReason[]> {
  const route = routes.byId(task.routeId) ?? (await readRoute(deps, task.routeId));
  const workers = await viewWorkers(deps, [task.tenantId]);
  return queueReasons(route, workers.get(task.tenantId) ?? []);
}

async function readRoute({ db }: Pick<WhyWaitingDeps, "db">, id: number): Promise<Route> {
  const [row] = await getRoutes(db, [id]);
  if (!row) throw new HelveError("internal", `route ${id} is referred to and not stored`);
  return new Route(row satisfies RouteRow);
}

function lineReasons({ ahead }: WaitingTaskRun): WaitReason[] {
  if (ahead === 0) return [];
  const count =
    ahead === COUNTED_AHEAD ? `${ahead} tasks or more stand` : ahead === 1 ? "1 task stands" : `${ahead} tasks stand`;
  return [reason("line", `${count} before it in its line, more urgent or older`, "those tasks are given out")];
}

async function parentsReason({ db }: WhyWaitingDeps, task: WaitingTaskRun, version: Version): Promise<WaitReason> {
  const step = stepOf(version, taskNumberOf(task.id));
  if (step.isOnFailure) {
    return reason("no_failure", "it runs only when a task of its run fails, and none has", "a task of its run fails");
  }
  const parents = parentsOf(version, step).map((parent) => taskIdOf(runIdOf(task.id), parent.number));
  const states = await getTaskRunStates(
    db,
    parents.map((id) => ({ tenantId: task.tenantId, id })),
  );
  const open = parents
    .flatMap((id) => states.get(id) ?? [])
    .filter(({ status }) => status !== "succeeded" && status !== "skipped");
  const tasks = open.map(({ id, status }) => ({
    taskId: id,
    detail: `${stepOf(version, taskNumberOf(id)).task.readableId} is ${status.replace("_", " ")}`,
  }));
  const message = `tasks that it depends on have not ended: ${tasks.map(({ detail }) => detail).join(", ")}`;
  return { ...reason("parents", message, "they succeed"), tasks };
}

function parentsOf(version: Version, step: Step): Step[] {
  return version.steps.slice(1).filter((other) => version.children[other.number]?.includes(step.number));
}

function reason(rule: WaitRule, message: string, releasedBy: string): WaitReason {
  return { rule, message, releasedBy, workers: [], tasks: [], deadlineMs: undefined };
}
