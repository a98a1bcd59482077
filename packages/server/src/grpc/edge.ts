import type { TenantId } from "@helve/core";
import type { ConnectionId, Engine } from "@helve/engine";
import type { Logger } from "pino";
import type { Authenticator } from "../auth/caller.ts";
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
  readonly log: Logger;
}

/** Who calls, over which connection. */
export interface CallContext {
  readonly tenantId: TenantId;
  readonly connection: ConnectionId;
}
