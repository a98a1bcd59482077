import type { PutStreamEventRequest, PutStreamEventResponse } from "@helve/contracts";
import { requireCertificateOf } from "../certificate-names.ts";
import type { CallContext, Edge } from "../edge.ts";
import { readTaskId } from "../ids.ts";

/** EventsService/PutStreamEvent: a chunk of a task's output, for whoever follows the run now. */
export async function putStreamEvent(
  edge: Edge,
  caller: CallContext,
  request: PutStreamEventRequest,
): Promise<PutStreamEventResponse> {
  const taskId = readTaskId(request.taskRunExternalId);
  if (caller.certificateNames) await requireCertificateOf(edge, caller, { attempts: [{ taskId, attempt: null }] });
  await edge.engine.putStreamChunk(caller.tenantId, {
    taskId,
    content: request.message,
    index: request.eventIndex,
    createdAtMs: request.createdAt?.getTime(),
  });
  return {};
}
