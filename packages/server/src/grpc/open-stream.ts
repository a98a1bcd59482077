import type { WorkerId } from "@helve/core";
import type { OpenStream, StreamOptions, WorkerStream } from "@helve/engine";
import { requireCertificateFor } from "./certificate-names.ts";
import type { CallContext, Edge } from "./edge.ts";

export interface WorkerStreamParts {
  workerId: WorkerId;
  stream: WorkerStream;
  options: Omit<StreamOptions, "connection" | "admit">;
}

/**
 * Opens a stream of work to a worker, over the connection of this call.
 *
 * @throws HelveError not_found, permission_denied where the caller's certificate is not for this worker
 */
export async function openStream(
  { engine, connections }: Edge,
  { tenantId, connection, certificateNames }: CallContext,
  { workerId, stream, options }: WorkerStreamParts,
): Promise<OpenStream> {
  // Before anything is waited for: a connection that has closed shows no certificate.
  const names = certificateNames?.();
  const open = await engine.openStream(tenantId, workerId, stream, {
    ...options,
    connection,
    admit: names && ((name) => requireCertificateFor(name, names)),
  });
  // It may have closed before the engine knew that the worker has it.
  if (!connections.isOpen(connection)) engine.connectionClosed(connection);
  return open;
}
