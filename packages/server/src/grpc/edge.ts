import type { TaskRunId, TenantId, WorkerId } from "@helve/core";
import type { ConnectionId, Engine } from "@helve/engine";
import type { Logger } from "pino";
import type { Authenticator } from "../auth/caller.ts";
import type { Scope } from "../auth/scopes.ts";
import type { FindRuns } from "./admin/runs-filter.ts";
import type { Connections } from "./connections.ts";
import type { OpenCalls } from "./open-calls.ts";

/** What handlers work with. They read a request, call the engine once, and translate the answer. */
export interface Edge {
  readonly engine: Engine;
  readonly authenticator: Authenticator;
  readonly connections: Connections;
  readonly openCalls: OpenCalls;
  readonly findRuns: FindRuns;
  readonly bindsWorkerNames: boolean;
  readonly requiresSupportedSdks: boolean;
  readonly log: Logger;
}

/** Who calls, with what right, over which connection. */
export interface CallContext {
  readonly tenantId: TenantId;
  readonly scope: Scope;
  readonly connection: ConnectionId;
  /**
   * What the caller's certificate is for; undefined where workers are not held to that. Looked up when it is called, since
   * few calls ask.
   */
  readonly certificateNames: (() => readonly string[]) | undefined;
}

/**
 * Tells the engine over which connection a worker was heard. Not when it has closed meanwhile: its end has been told, and
 * would not be again.
 */
export function heardOf(
  { engine, connections }: Edge,
  { tenantId, connection }: CallContext,
  worker: { workerId: WorkerId } | { taskId: TaskRunId; attempt: number | null },
): void {
  if (connections.isOpen(connection)) engine.connectionUsed(connection, tenantId, worker);
}
