import type { PutWorkflowRequest, v1, WorkflowVersion } from "@helve/contracts";
import {
  defineWorkflow,
  fromV0,
  HelveError,
  invalidArgument,
  unservedFeatures,
  type WorkflowDefinition,
  type WorkflowRegistration,
} from "@helve/core";
import type { CallContext, Edge } from "../edge.ts";
import { readWorkflow } from "./workflow-request.ts";
import { readV0Workflow } from "./workflow-request-v0.ts";

/** v1.AdminService/PutWorkflow: a new version, or the newest one if it says the same. */
export async function putWorkflow(
  { engine }: Edge,
  { tenantId }: CallContext,
  request: v1.CreateWorkflowVersionRequest,
): Promise<v1.CreateWorkflowVersionResponse> {
  const { versionId, workflowId } = await engine.putWorkflow(tenantId, define(readWorkflow(request)));
  return { id: versionId, workflowId };
}

/** WorkflowService/PutWorkflow: the same for the older form. */
export async function putV0Workflow(
  { engine }: Edge,
  { tenantId }: CallContext,
  { opts }: PutWorkflowRequest,
): Promise<WorkflowVersion> {
  if (!opts) throw invalidArgument("opts is missing: it must hold the workflow");
  const version = await engine.putWorkflow(tenantId, define(fromV0(readV0Workflow(opts))));
  return {
    id: version.versionId,
    createdAt: version.createdAt,
    updatedAt: version.createdAt,
    version: "",
    order: version.ordinal,
    workflowId: version.workflowId,
    scheduledWorkflows: [],
  };
}

/** To run a workflow without its limits or conditions would be worse than to refuse it. */
function define(registration: WorkflowRegistration): WorkflowDefinition {
  const definition = defineWorkflow(registration);
  const fields = unservedFeatures(definition);
  if (fields.length > 0) {
    throw new HelveError(
      "unimplemented",
      `workflow '${definition.name}' uses what is not served yet: ${fields.join(", ")}`,
    );
  }
  return definition;
}
