import { type RunId, runIdOf, type TaskRunId, type TenantId, taskIdOf, taskNumberOf } from "@helve/core";
import {
  type AssignedTaskRun,
  type Db,
  type FinishedTaskRun,
  getFinishedTaskRuns,
  getUnfinishedWorkflowRuns,
  getWorkflowRunContexts,
  type HeldTaskRun,
  type UnfinishedWorkflowRun,
  type WorkflowRunContext,
} from "@helve/store";
import type { AssignedTask } from "../api.ts";
import { type Catalog, type Step, stepOf, type Version } from "../catalog/catalog.ts";

/**
 * Turns rows that were given to workers into what is sent there. A task of a DAG needs its run's input and the outputs of
 * its ancestors; both are read here, for all rows at once.
 */
export async function describeAssignments(
  db: Db,
  catalog: Catalog,
  rows: readonly AssignedTaskRun[],
): Promise<AssignedTask[]> {
  await catalog.ensure(new Set(rows.map((row) => row.versionId)), db);
  const ofDags = rows.filter((row) => taskNumberOf(row.id) > 0);
  if (ofDags.length === 0) return rows.map((row) => describeStandalone(catalog, row));

  const runs = await getUnfinishedWorkflowRuns(db, [...new Set(ofDags.map((row) => runIdOf(row.id)))]);
  const described = await describeDagTasks(db, catalog, ofDags, new Map(runs.map((run) => [run.id, run])));
  const byId = new Map(described.map((task) => [task.id, task]));
  return rows.map((row) => byId.get(row.id) ?? describeStandalone(catalog, row));
}

/** Runs of one statement. */
const MAX_RUNS = 1000;

/** Tasks that workers have in hand, without what they were sent along with them: inputs and outputs may be large. */
export async function describeInHand(db: Db, catalog: Catalog, rows: readonly HeldTaskRun[]): Promise<AssignedTask[]> {
  await catalog.ensure(new Set(rows.map((row) => row.versionId)), db);
  const runIds = [...new Set(rows.filter((row) => taskNumberOf(row.id) > 0).map((row) => runIdOf(row.id)))];
  const runs = new Map<RunId, WorkflowRunContext>();
  for (let from = 0; from < runIds.length; from += MAX_RUNS) {
    const found = await getWorkflowRunContexts(db, runIds.slice(from, from + MAX_RUNS));
    for (const run of found) runs.set(run.id, run);
  }
  return rows.map((row) => {
    const context = runs.get(runIdOf(row.id)) ?? row;
    return describeTask(catalog, row, "", context.metadata ?? "{}", "{}", undefined, context);
  });
}

/** The same as {@link describeAssignments} for tasks of DAGs whose runs are at hand; sends its one statement, if any, without delay. */
export async function describeDagTasks(
  db: Db,
  catalog: Catalog,
  rows: readonly Row[],
  runs: ReadonlyMap<RunId, UnfinishedWorkflowRun>,
): Promise<AssignedTask[]> {
  const wanted = new Map<TaskRunId, TenantId>();
  for (const row of rows) {
    for (const number of stepAndVersion(catalog, row).step.ancestors) {
      wanted.set(taskIdOf(runIdOf(row.id), number), row.tenantId);
    }
  }
  const ancestors = [...wanted].map(([id, tenantId]) => ({ tenantId, id }));
  const finished = new Map((await getFinishedTaskRuns(db, ancestors)).map((task) => [task.id, task]));
  return rows.map((row) => describeDagTask(catalog, row, runs.get(runIdOf(row.id)), finished));
}

/** The row of a standalone task carries everything. */
export function describeStandalone(catalog: Catalog, row: AssignedTaskRun): AssignedTask {
  return describeTask(catalog, row, row.input ?? "", row.metadata ?? "{}", "{}", undefined);
}

function describeDagTask(
  catalog: Catalog,
  row: Row,
  run: UnfinishedWorkflowRun | undefined,
  finished: ReadonlyMap<TaskRunId, FinishedTaskRun>,
): AssignedTask {
  const { step, version } = stepAndVersion(catalog, row);
  const ancestors = step.ancestors.flatMap((number) => {
    const task = finished.get(taskIdOf(runIdOf(row.id), number));
    return task ? [{ name: stepOf(version, number).task.readableId, task }] : [];
  });
  const outputs = ancestors.flatMap(({ name, task }) => {
    if (task.status === "skipped") return [`${JSON.stringify(name)}:{"skipped":true}`];
    return task.status === "succeeded" ? [`${JSON.stringify(name)}:${objectOrEmpty(task.output)}`] : [];
  });
  const errors = ancestors.flatMap(({ name, task }) =>
    task.status === "failed" ? [`${JSON.stringify(name)}:${JSON.stringify(task.error ?? "")}`] : [],
  );
  const stepRunErrors = step.isOnFailure ? `{${errors.join(",")}}` : undefined;
  return describeTask(
    catalog,
    row,
    run?.input ?? "",
    run?.metadata ?? "{}",
    `{${outputs.join(",")}}`,
    stepRunErrors,
    run,
  );
}

type Parentage = Pick<AssignedTaskRun, "parentTaskId" | "childIndex" | "childKey">;
export type Row = Parentage &
  Pick<AssignedTaskRun, "id" | "tenantId" | "versionId" | "workerId" | "attempt" | "priority" | "executionTimeoutMs">;

/** What is sent to a worker, put together from a row and what belongs to its run. The version must be loaded. */
export function describeTask(
  catalog: Catalog,
  row: Row,
  input: string,
  metadata: string,
  parents: string,
  stepRunErrors: string | undefined,
  child: Parentage = row,
): AssignedTask {
  const { step, version } = stepAndVersion(catalog, row);
  return {
    id: row.id,
    tenantId: row.tenantId,
    runId: runIdOf(row.id),
    workerId: row.workerId,
    workflowId: version.workflowId,
    workflowName: version.definition.name,
    versionId: row.versionId,
    stepId: step.id,
    action: step.task.action,
    taskName: step.task.readableId,
    attempt: row.attempt,
    priority: row.priority,
    input,
    metadata,
    parents,
    stepRunErrors,
    parentTaskId: child.parentTaskId ?? undefined,
    childIndex: child.childIndex ?? undefined,
    childKey: child.childKey ?? undefined,
    executionTimeoutMs: row.executionTimeoutMs,
  };
}

function stepAndVersion(
  catalog: Catalog,
  row: Pick<AssignedTaskRun, "id" | "versionId">,
): { version: Version; step: Step } {
  const version = catalog.loaded(row.versionId) as Version;
  return { version, step: stepOf(version, taskNumberOf(row.id)) };
}

/** What a child sees of a parent's output: objects as they are, anything else as an empty object (worker.md 3.2). */
function objectOrEmpty(output: string | null): string {
  const text = output?.trim() ?? "";
  if (text === "null") return "null";
  return text.startsWith("{") ? text : "{}";
}
