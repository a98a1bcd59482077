import { ActionType, type AssignedAction } from "@helve/contracts";
import { opensObject } from "@helve/core";
import type { AssignedTask } from "@helve/engine";

/** The order to start a task, as workers of the Hatchet contract take it. */
export function startAction(task: AssignedTask): AssignedAction {
  return { ...identity(task), actionType: ActionType.START_STEP_RUN, actionPayload: startPayload(task) };
}

/** The order to stop the attempt that was started with `task`. */
export function cancelAction(task: AssignedTask): AssignedAction {
  return { ...identity(task), actionType: ActionType.CANCEL_STEP_RUN, actionPayload: "" };
}

function identity(task: AssignedTask): Omit<AssignedAction, "actionType" | "actionPayload"> {
  return {
    tenantId: task.tenantId,
    workflowRunId: task.runId,
    // Any text here would make clients take the payload for something else.
    getGroupKeyRunId: "",
    jobId: task.stepId,
    jobName: task.taskName,
    jobRunId: task.id,
    taskId: task.stepId,
    taskRunExternalId: task.id,
    actionId: task.action,
    taskName: task.taskName,
    retryCount: task.attempt - 1,
    additionalMetadata: task.metadata,
    childWorkflowIndex: task.childIndex,
    childWorkflowKey: task.childKey,
    // In spite of its name, the task that started this run.
    parentWorkflowRunId: task.parentTaskId,
    priority: task.priority,
    workflowId: task.workflowId,
    workflowVersionId: task.versionId,
  };
}

/**
 * All parts are JSON already, so they are joined and never parsed: numbers and key order stay as they were sent. Of
 * inputs only objects can be carried; anything else arrives as null.
 */
function startPayload({ input, parents, stepRunErrors }: AssignedTask): string {
  const inputOrNull = opensObject(input) ? input : "null";
  const errors = stepRunErrors === undefined ? "" : `,"step_run_errors":${stepRunErrors}`;
  return (
    `{"input":${inputOrNull},"triggered_by":"manual","parents":${parents || "{}"},` +
    `"triggers":{"filter_payload":null},"user_data":null,"overrides":null${errors}}`
  );
}
