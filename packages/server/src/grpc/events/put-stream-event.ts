import type { PutStreamEventRequest, PutStreamEventResponse } from "@helve/contracts";
import type { CallContext, Edge } from "../edge.ts";
import { readTaskId } from "../ids.ts";

/** EventsService/PutStreamEvent: a chunk of a task's output, for whoever follows the run now. */
export async function putStreamEvent(
  { engine }: Edge,
  { tenantId, connection }: CallContext,
  request: PutStreamEventRequest,
): Promise<PutStreamEventResponse> {
  const taskId = readTaskId(request.taskRunExternalId);
  engine.connectionUsed(connection, tenantId, { taskId });
  await engine.putStreamChunk(tenantId, {
    taskId,
    content: request.message,
    index: request.eventIndex,
    createdAtMs: request.createdAt?.getTime(),
  });
  return {};
}
