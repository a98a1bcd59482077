import { notFound, type RunId, runIdOf, type TenantId, taskIdOf } from "@helve/core";
import {
  type Database,
  type FinishedTaskRun,
  getRunHead,
  getTaskRunStates,
  listFinishedTasksOfRun,
} from "@helve/store";
import type { RunDetails, RunStatus, TaskResult } from "../api.ts";
import type { Catalog, Step, Version } from "../catalog/catalog.ts";
import { taskResult } from "../results/run-results.ts";

/** What is known of a run now. @throws HelveError `not_found` */
export async function runDetails(db: Database, catalog: Catalog, tenantId: TenantId, id: RunId): Promise<RunDetails> {
  const runId = runIdOf(id);
  const head = await getRunHead(db, tenantId, runId);
  if (!head) throw notFound("workflow run not found");
  await catalog.ensure([head.versionId]);
  const version = catalog.loaded(head.versionId) as Version;
  const steps = version.isStandalone ? version.steps : version.steps.slice(1);
  const states = await getTaskRunStates(
    db,
    steps.map((step) => ({ tenantId, id: taskIdOf(runId, step.number) })),
  );
  const finished = new Map((await listFinishedTasksOfRun(db, tenantId, runId)).map((task) => [task.id, task]));
  const tasks = steps.map((step) =>
    taskNow(version, runId, step, states.get(taskIdOf(runId, step.number))?.status, finished),
  );
  return { runId, ...rollUp(tasks), input: head.input, metadata: head.metadata, tasks };
}

function taskNow(
  version: Version,
  runId: RunId,
  step: Step,
  status: string | undefined,
  finished: ReadonlyMap<string, FinishedTaskRun>,
): TaskResult {
  const taskId = taskIdOf(runId, step.number);
  const ended = finished.get(taskId);
  if (ended && status === ended.status) return taskResult(version, ended);
  return {
    taskId,
    taskName: step.task.readableId,
    status: status === "assigned" ? "running" : "queued",
    output: undefined,
    error: undefined,
  };
}

/** Failed shows as soon as a task has failed; `isDone` says whether anything still runs (workflows.md 3.12). */
function rollUp(tasks: readonly TaskResult[]): { status: RunStatus; isDone: boolean } {
  const has = (status: TaskResult["status"]) => tasks.some((task) => task.status === status);
  const isDone = !has("queued") && !has("running");
  if (has("failed")) return { status: "failed", isDone };
  if (tasks.every((task) => task.status === "queued")) return { status: "queued", isDone };
  if (!isDone) return { status: "running", isDone };
  return { status: has("cancelled") ? "cancelled" : "succeeded", isDone };
}
