import { checkJson, invalidArgument, isUuid, type RunId, type TenantId, taskIdOf } from "@helve/core";
import type { ChildClaim, NewTaskRun, NewWorkflowRun } from "@helve/store";
import type { TriggerRequest } from "../api.ts";
import { CHARACTERS_OF_ONE } from "../batcher.ts";
import { type Step, stepOf, type Version } from "../catalog/catalog.ts";
import type { Row } from "../dispatcher/assignment.ts";
import { rankInLine } from "../dispatcher/line-position.ts";
import type { Route } from "../dispatcher/route.ts";
import type { Session } from "../sessions/session.ts";

/** A run that is asked for, before it is stored. */
export interface PlannedRun {
  id: RunId;
  request: TriggerRequest;
  tenantId: TenantId;
  version: Version;
  input: string;
  metadata: string;
  priority: number;
  parentTaskId: string | null;
  childIndex: number | null;
  childKey: string | null;
  /** Set when asking again under the same key must give the same child. */
  dedupeKey: string | undefined;
  /** Where its tasks stand, by their number, when the run has wishes of its own. */
  routes: readonly Route[] | undefined;
}

/** A task as it will be stored, and the worker whose slots are taken for it. */
export interface PlannedTask {
  run: PlannedRun;
  step: Step;
  route: Route;
  row: NewTaskRun;
  session: Session | undefined;
}

/** @throws HelveError `invalid_argument` naming the field */
export function checkRequest({ priority, input, metadata, parentTaskId, desiredWorkerId }: TriggerRequest): void {
  if (priority !== undefined && (!Number.isInteger(priority) || priority < 1 || priority > 3)) {
    throw invalidArgument(`priority must be between 1 and 3, got ${priority}`);
  }
  if (input !== "" && input !== "{}") checkJson(input, "payload");
  if (metadata !== "" && metadata !== "{}") checkJson(metadata, "additionalMetadata");
  if (parentTaskId !== undefined && !isUuid(parentTaskId)) {
    throw invalidArgument(`parentStepRunId must be a valid UUID, got "${parentTaskId}"`);
  }
  if (desiredWorkerId !== undefined && !isUuid(desiredWorkerId)) {
    throw invalidArgument(`desiredWorkerId must be a valid UUID, got "${desiredWorkerId}"`);
  }
}

/** What was asked for, completed by what the workflow says where nothing was. */
export function plannedRun(
  id: RunId,
  tenantId: TenantId,
  version: Version,
  request: TriggerRequest,
  metadata: string,
): PlannedRun {
  const { childIndex, childKey, parentTaskId } = request;
  // A key without an index does not de-duplicate (workflows.md 2.5).
  const isKeyed = parentTaskId !== undefined && childIndex !== undefined;
  return {
    id,
    request,
    tenantId,
    version,
    input: request.input,
    metadata,
    priority: request.priority ?? version.definition.defaultPriority ?? 1,
    parentTaskId: parentTaskId ?? null,
    childIndex: childIndex ?? null,
    childKey: childKey ?? null,
    dedupeKey: isKeyed ? (childKey === undefined ? `index ${childIndex}` : `key ${childKey}`) : undefined,
    routes: undefined,
  };
}

/** Whether a run asks for workers beyond what its definition does. Labels given and empty are no wish. */
export function hasWishes({ desiredWorkerId, desiredLabels }: TriggerRequest): boolean {
  return desiredWorkerId !== undefined || (desiredLabels !== undefined && desiredLabels.length > 0);
}

/** Whether it cannot have been stored before. */
export function isNew({ request }: PlannedRun): boolean {
  return !request.isRepeated;
}

/** In tasks. */
export function weightOf({ version, input, metadata }: PlannedRun): number {
  return Math.max(1, version.steps.length - 1) + (input.length + metadata.length) / CHARACTERS_OF_ONE;
}

type Reserve = (route: Route) => Session | undefined;

/** The tasks of a run, each that could start now with a worker if there is one to be had. */
export function planTasks(run: PlannedRun, reserve: Reserve): PlannedTask[] {
  const { version } = run;
  if (version.isStandalone) return [planTask(run, stepOf(version, 0), run.id, reserve)];
  return version.steps.slice(1).map((step) => planTask(run, step, taskIdOf(run.id, step.number), reserve));
}

function planTask(run: PlannedRun, step: Step, id: string, reserve: Reserve): PlannedTask {
  const { version } = run;
  const isRoot = step.task.parents.length === 0 && !step.isOnFailure;
  const route = run.routes === undefined ? step.route : (run.routes[step.number] as Route);
  // If it was stored before, it may be in the very hands that would be chosen for it now.
  const session = isRoot && isNew(run) ? reserve(route) : undefined;
  const row: NewTaskRun = {
    id,
    tenantId: run.tenantId,
    versionId: version.id,
    routeId: route.id,
    status: isRoot ? (session ? "assigned" : "queued") : "waiting",
    priority: run.priority,
    rank: rankInLine(run.priority),
    pendingParents: step.task.parents.length,
    scheduleTimeoutMs: step.task.scheduleTimeoutMs,
    executionTimeoutMs: step.task.executionTimeoutMs,
    workerId: session?.workerId ?? null,
    parentTaskId: run.parentTaskId,
    childIndex: run.childIndex,
    childKey: run.childKey,
    input: version.isStandalone ? run.input : null,
    metadata: version.isStandalone ? run.metadata : null,
  };
  return { run, step, route, row, session };
}

/** The row as it is sent to the worker that it is born with. Field by field: a copy of all would take as much again. */
export function firstAttempt(row: NewTaskRun, { workerId }: Session): Row {
  const { id, tenantId, versionId, priority, executionTimeoutMs, parentTaskId, childIndex, childKey } = row;
  const attempt = 1;
  return {
    id,
    tenantId,
    versionId,
    workerId,
    attempt,
    priority,
    executionTimeoutMs,
    parentTaskId,
    childIndex,
    childKey,
  };
}

/** For a run with a key. */
export function childClaim(run: PlannedRun): ChildClaim {
  return { parentId: run.parentTaskId as string, key: run.dedupeKey as string, runId: run.id };
}

export function workflowRunRow(run: PlannedRun): NewWorkflowRun {
  const { id, tenantId, version, priority, parentTaskId, childIndex, childKey, input, metadata } = run;
  const remaining = version.steps.length - 1;
  return {
    id,
    tenantId,
    versionId: version.id,
    priority,
    remaining,
    parentTaskId,
    childIndex,
    childKey,
    input,
    metadata,
  };
}
