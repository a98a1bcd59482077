import type {
  HeartbeatRequest,
  HeartbeatResponse,
  UpsertWorkerLabelsRequest,
  UpsertWorkerLabelsResponse,
  WorkerUnsubscribeRequest,
  WorkerUnsubscribeResponse,
} from "@helve/contracts";
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
  await edge.engine.heartbeat(caller.tenantId, workerId);
  heardOf(edge, caller, { workerId });
  return {};
}

/** Unsubscribe: the worker leaves and gets nothing new. */
export async function unsubscribe(
  { engine }: Edge,
  { tenantId }: CallContext,
  request: WorkerUnsubscribeRequest,
): Promise<WorkerUnsubscribeResponse> {
  const workerId = readWorkerId(request.workerId);
  await engine.unsubscribe(tenantId, workerId);
  return { tenantId, workerId: request.workerId };
}

/** UpsertWorkerLabels: labels given are set, others stay. */
export async function upsertWorkerLabels(
  edge: Edge,
  caller: CallContext,
  request: UpsertWorkerLabelsRequest,
): Promise<UpsertWorkerLabelsResponse> {
  const workerId = readWorkerId(request.workerId);
  await edge.engine.upsertWorkerLabels(caller.tenantId, workerId, readLabels(request.labels));
  heardOf(edge, caller, { workerId });
  return { tenantId: caller.tenantId, workerId: request.workerId };
}
