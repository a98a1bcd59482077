import type {
  BulkTriggerWorkflowRequest,
  BulkTriggerWorkflowResponse,
  TriggerWorkflowResponse,
  v1,
} from "@helve/contracts";
import {
  checkJson,
  type DesiredLabel,
  defineLabels,
  fieldError,
  HelveError,
  invalidArgument,
  isUuid,
  type RunId,
  refuseNul,
  type TaskRunId,
  type TenantId,
} from "@helve/core";
import type { Engine, TriggerRequest } from "@helve/engine";
import { requireMayTrigger } from "../../auth/may-trigger.ts";
import type { CallContext, Edge } from "../edge.ts";
import { uuidProblem } from "../ids.ts";
import { readDesiredLabels } from "./desired-labels.ts";

/** WorkflowService/TriggerWorkflow: one run, possibly a task's child. */
export async function triggerWorkflow(
  edge: Edge,
  caller: CallContext,
  request: v1.TriggerWorkflowRequest,
): Promise<TriggerWorkflowResponse> {
  const trigger = readTrigger(request);
  requireMayTrigger(caller.scope, [trigger]);
  const [workflowRunId = ""] = await triggerRuns(edge.engine, caller.tenantId, [trigger]);
  return { workflowRunId };
}

/** WorkflowService/BulkTriggerWorkflow: all of the runs or none. */
export async function bulkTriggerWorkflow(
  { engine }: Edge,
  { tenantId, scope }: CallContext,
  { workflows }: BulkTriggerWorkflowRequest,
): Promise<BulkTriggerWorkflowResponse> {
  if (workflows.length === 0) return { workflowRunIds: [] };
  const triggers = workflows.map(readTrigger);
  requireMayTrigger(scope, triggers);
  return { workflowRunIds: await triggerRuns(engine, tenantId, triggers) };
}

/** v1.AdminService/TriggerWorkflowRun: one run, with input and metadata as bytes. */
export async function triggerWorkflowRun(
  { engine }: Edge,
  { tenantId }: CallContext,
  request: v1.TriggerWorkflowRunRequest,
): Promise<v1.TriggerWorkflowRunResponse> {
  const trigger = checkTrigger({
    workflow: request.workflowName,
    input: request.input.toString("utf8"),
    metadata: request.additionalMetadata.toString("utf8"),
    priority: request.priority,
    desiredLabels: readLabels(request.desiredWorkerLabels),
  });
  const [externalId = ""] = await triggerRuns(engine, tenantId, [trigger]);
  return { externalId };
}

/** Names what failed, so that a client which logs the text alone says enough. */
async function triggerRuns(engine: Engine, tenantId: TenantId, triggers: readonly TriggerRequest[]): Promise<RunId[]> {
  try {
    return await engine.triggerRuns(tenantId, triggers);
  } catch (error) {
    if (!(error instanceof HelveError) || error.code !== "invalid_argument") throw error;
    throw invalidArgument(`could not trigger workflow: ${error.message}`);
  }
}

/** @throws HelveError for the first mistake, in the order in which clients have always been told of them */
export function readTrigger(request: v1.TriggerWorkflowRequest): TriggerRequest {
  const parentTaskId = readParent(request.parentTaskRunExternalId);
  const { desiredWorkerId } = request;
  if (desiredWorkerId && !isUuid(desiredWorkerId)) {
    throw invalidArgument(`Invalid request: desiredWorkerId must be a valid UUID: ${uuidProblem(desiredWorkerId)}`);
  }
  return checkTrigger({
    workflow: request.name,
    input: request.input,
    metadata: request.additionalMetadata ?? "",
    priority: request.priority,
    parentTaskId,
    childIndex: request.childIndex,
    childKey: request.childKey,
    desiredWorkerId: desiredWorkerId || undefined,
    desiredLabels: readLabels(request.desiredWorkerLabels),
  });
}

/** Present, it makes the run a child, so an empty one is a mistake and not a missing one. */
function readParent(text: string | undefined): TaskRunId | undefined {
  if (text === undefined) return undefined;
  if (!isUuid(text)) throw invalidArgument(`parentStepRunId must be a valid UUID: ${uuidProblem(text)}`);
  return text.toLowerCase();
}

/** It stands in an index, whose entries are bounded to some 2,700 bytes. */
const MAX_CHILD_KEY = 600;

/**
 * What every way to trigger checks: the priority, and that input and metadata are JSON or empty.
 *
 * @throws HelveError invalid_argument
 */
export function checkTrigger(trigger: TriggerRequest): TriggerRequest {
  const { priority } = trigger;
  if (priority !== undefined && !(priority >= 1 && priority <= 3)) {
    throw invalidArgument(`Invalid request: priority must be between 1 and 3, got ${priority}`);
  }
  refuseNul(trigger.workflow, "name");
  const { childKey = "" } = trigger;
  refuseNul(childKey, "child_key");
  if (childKey.length > MAX_CHILD_KEY) {
    throw fieldError("child_key", childKey, `must have at most ${MAX_CHILD_KEY} characters`);
  }
  checkJson(trigger.input, "payload");
  checkJson(trigger.metadata, "additionalMetadata");
  return trigger;
}

/** Labels that the run asks for in place of its tasks' own; undefined when it names none. */
export function readLabels(labels: { readonly [key: string]: v1.DesiredWorkerLabels }): DesiredLabel[] | undefined {
  if (Object.keys(labels).length === 0) return undefined;
  return defineLabels(readDesiredLabels(labels), "desired_worker_labels", "");
}
