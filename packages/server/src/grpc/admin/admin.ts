import type { v1, WorkflowServiceServer } from "@helve/contracts";
import { unary } from "../calls.ts";
import type { Edge } from "../edge.ts";
import { cancelTasks, replayTasks } from "./cancel-replay.ts";
import { putV0Workflow, putWorkflow } from "./put-workflow.ts";
import { getRunDetails } from "./run-details.ts";
import { bulkTriggerWorkflow, triggerWorkflow, triggerWorkflowRun } from "./trigger.ts";

/** The service by which workflows are defined and runs are acted upon. */
export function adminService(edge: Edge): Partial<v1.AdminServiceServer> {
  return {
    putWorkflow: unary(edge, (caller, request) => putWorkflow(edge, caller, request)),
    triggerWorkflowRun: unary(edge, (caller, request) => triggerWorkflowRun(edge, caller, request)),
    cancelTasks: unary(edge, (caller, request) => cancelTasks(edge, caller, request)),
    replayTasks: unary(edge, (caller, request) => replayTasks(edge, caller, request)),
    getRunDetails: unary(edge, (caller, request) => getRunDetails(edge, caller, request)),
  };
}

/** The older service for the same; every client triggers by it. */
export function workflowService(edge: Edge): Partial<WorkflowServiceServer> {
  return {
    putWorkflow: unary(edge, (caller, request) => putV0Workflow(edge, caller, request)),
    triggerWorkflow: unary(edge, (caller, request) => triggerWorkflow(edge, caller, request)),
    bulkTriggerWorkflow: unary(edge, (caller, request) => bulkTriggerWorkflow(edge, caller, request)),
  };
}
