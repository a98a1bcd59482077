import type {
  RefreshTimeoutRequest,
  RefreshTimeoutResponse,
  ReleaseSlotRequest,
  ReleaseSlotResponse,
} from "@helve/contracts";
import { durationMs } from "@helve/core";
import { requireCertificateOf } from "../certificate-names.ts";
import type { CallContext, Edge } from "../edge.ts";
import { readTaskId } from "../ids.ts";

/** RefreshTimeout: the execution deadline moves on from where it is. */
export async function refreshTimeout(
  edge: Edge,
  caller: CallContext,
  request: RefreshTimeoutRequest,
): Promise<RefreshTimeoutResponse> {
  const taskId = readTaskId(request.taskRunExternalId);
  const incrementMs = durationMs(request.incrementTimeoutBy, "increment_timeout_by");
  if (caller.certificateNames) await requireCertificateOf(edge, caller, { attempts: [{ taskId, attempt: null }] });
  return { timeoutAt: new Date(await edge.engine.refreshTimeout(caller.tenantId, taskId, incrementMs)) };
}

/** ReleaseSlot: the task goes on, and another may have its place. */
export async function releaseSlot(
  edge: Edge,
  caller: CallContext,
  request: ReleaseSlotRequest,
): Promise<ReleaseSlotResponse> {
  const taskId = readTaskId(request.taskRunExternalId);
  if (caller.certificateNames) await requireCertificateOf(edge, caller, { attempts: [{ taskId, attempt: null }] });
  await edge.engine.releaseSlot(caller.tenantId, taskId);
  return {};
}
