import type {
  HeartbeatRequest,
  HeartbeatResponse,
  UpsertWorkerLabelsRequest,
  UpsertWorkerLabelsResponse,
  WorkerUnsubscribeRequest,
  WorkerUnsubscribeResponse,
} from "@helve/contracts";
import type { CallContext, Edge } from "../edge.ts";
import { readWorkerId } from "../ids.ts";
import { readLabels } from "./register.ts";

/** Heartbeat: the time is taken from the engine's clock, whatever the worker's says. */
export async function heartbeat(
  { engine }: Edge,
  { tenantId, connection }: CallContext,
  request: HeartbeatRequest,
): Promise<HeartbeatResponse> {
  const workerId = readWorkerId(request.workerId);
  await engine.heartbeat(tenantId, workerId);
  engine.connectionUsed(connection, tenantId, { workerId });
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
  { engine }: Edge,
  { tenantId, connection }: CallContext,
  request: UpsertWorkerLabelsRequest,
): Promise<UpsertWorkerLabelsResponse> {
  const workerId = readWorkerId(request.workerId);
  await engine.upsertWorkerLabels(tenantId, workerId, readLabels(request.labels));
  engine.connectionUsed(connection, tenantId, { workerId });
  return { tenantId, workerId: request.workerId };
}
