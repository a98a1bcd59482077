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
  { engine, connections }: Edge,
  { tenantId, connection }: CallContext,
  { workerId, stream, options }: WorkerStreamParts,
): Promise<OpenStream> {
  const open = await engine.openStream(tenantId, workerId, stream, { ...options, connection });
  // It may have closed before the engine knew that the worker has it.
  if (!connections.isOpen(connection)) engine.connectionClosed(connection);
  return open;
}
