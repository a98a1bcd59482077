import type {
  RefreshTimeoutRequest,
  RefreshTimeoutResponse,
  ReleaseSlotRequest,
  ReleaseSlotResponse,
} from "@helve/contracts";
import { durationMs } from "@helve/core";
import type { CallContext, Edge } from "../edge.ts";
import { readTaskId } from "../ids.ts";

/** RefreshTimeout: the execution deadline moves on from where it is. */
export async function refreshTimeout(
  { engine }: Edge,
  { tenantId, connection }: CallContext,
  request: RefreshTimeoutRequest,
): Promise<RefreshTimeoutResponse> {
  const taskId = readTaskId(request.taskRunExternalId);
  const incrementMs = durationMs(request.incrementTimeoutBy, "increment_timeout_by");
  engine.connectionUsed(connection, tenantId, { taskId });
  return { timeoutAt: new Date(await engine.refreshTimeout(tenantId, taskId, incrementMs)) };
}

/** ReleaseSlot: the task goes on, and another may have its place. */
export async function releaseSlot(
  { engine }: Edge,
  { tenantId, connection }: CallContext,
  request: ReleaseSlotRequest,
): Promise<ReleaseSlotResponse> {
  const taskId = readTaskId(request.taskRunExternalId);
  engine.connectionUsed(connection, tenantId, { taskId });
  await engine.releaseSlot(tenantId, taskId);
  return {};
}
