import type { WorkerId } from "@helve/core";
import type { OpenStream, StreamOptions, WorkerStream } from "@helve/engine";
import type { CallContext, Edge } from "./edge.ts";

export interface WorkerStreamParts {
  workerId: WorkerId;
  stream: WorkerStream;
  options: Omit<StreamOptions, "connection">;
}

/** Opens a stream of work to a worker, over the connection of this call. @throws HelveError not_found */
export async function openStream(
  { engine, connections, streamsOpening }: Edge,
  { tenantId, connection }: CallContext,
  { workerId, stream, options }: WorkerStreamParts,
): Promise<OpenStream> {
  const opening = engine.openStream(tenantId, workerId, stream, { ...options, connection });
  streamsOpening.set(workerId, opening);
  try {
    const open = await opening;
    // It may have closed before the engine knew that the worker has it.
    if (!connections.isOpen(connection)) engine.connectionClosed(connection);
    return open;
  } finally {
    if (streamsOpening.get(workerId) === opening) streamsOpening.delete(workerId);
  }
}
