import type {
  HeartbeatRequest,
  HeartbeatResponse,
  UpsertWorkerLabelsRequest,
  UpsertWorkerLabelsResponse,
  WorkerUnsubscribeRequest,
  WorkerUnsubscribeResponse,
} from "@helve/contracts";
import { requireCertificateOf } from "../certificate-names.ts";
import { type CallContext, type Edge, heardOf } from "../edge.ts";
import { readWorkerId } from "../ids.ts";
import { readLabels } from "./register.ts";

/** Heartbeat: the time is taken from the engine's clock, whatever the worker's says. */
export async function heartbeat(
  edge: Edge,
  caller: CallContext,
  request: HeartbeatRequest,
): Promise<HeartbeatResponse> {
  const workerId = readWorkerId(request.workerId);
  if (caller.certificateNames) await requireCertificateOf(edge, caller, { workerIds: [workerId] });
  await edge.engine.heartbeat(caller.tenantId, workerId);
  heardOf(edge, caller, { workerId });
  return {};
}

/** Unsubscribe: the worker leaves and gets nothing new. */
export async function unsubscribe(
  edge: Edge,
  caller: CallContext,
  request: WorkerUnsubscribeRequest,
): Promise<WorkerUnsubscribeResponse> {
  const workerId = readWorkerId(request.workerId);
  if (caller.certificateNames) await requireCertificateOf(edge, caller, { workerIds: [workerId] });
  await edge.engine.unsubscribe(caller.tenantId, workerId);
  return { tenantId: caller.tenantId, workerId: request.workerId };
}

/** UpsertWorkerLabels: labels given are set, others stay. */
export async function upsertWorkerLabels(
  edge: Edge,
  caller: CallContext,
  request: UpsertWorkerLabelsRequest,
): Promise<UpsertWorkerLabelsResponse> {
  const workerId = readWorkerId(request.workerId);
  if (caller.certificateNames) await requireCertificateOf(edge, caller, { workerIds: [workerId] });
  await edge.engine.upsertWorkerLabels(caller.tenantId, workerId, readLabels(request.labels));
  heardOf(edge, caller, { workerId });
  return { tenantId: caller.tenantId, workerId: request.workerId };
}
