import { Server } from "@grpc/grpc-js";
import { DispatcherService, EventsServiceService, helve, v1, WorkflowServiceService } from "@helve/contracts";
import type { Engine } from "@helve/engine";
import type { Logger } from "pino";
import type { Authenticator } from "../auth/caller.ts";
import type { Tls } from "../tls-files.ts";
import { adminService, workflowService } from "./admin/admin.ts";
import type { FindRuns } from "./admin/runs-filter.ts";
import { connections } from "./connections.ts";
import { dispatcher } from "./dispatcher/dispatcher.ts";
import type { Edge } from "./edge.ts";
import { eventsService } from "./events/events.ts";
import { leaveCompressed } from "./gzip.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";
import { type Listener, listen } from "./listener.ts";
import { sessions } from "./native/sessions.ts";
import { openCalls } from "./open-calls.ts";
import { addService } from "./service.ts";
import { watchTokens } from "./token-watch.ts";
import { addTraceCollector } from "./trace-collector.ts";

export interface GrpcServerOptions {
  engine: Engine;
  authenticator: Authenticator;
  findRuns: FindRuns;
  log: Logger;
  host: string;
  /** 0: any that is free. */
  port: number;
  tls: Tls | undefined;
  /** A worker must show a certificate of its name. */
  bindsWorkerNames: boolean;
  /** Workers with an SDK out of the supported range are refused. */
  requiresSupportedSdks: boolean;
}

export interface GrpcServer {
  readonly port: number;
  /** What waits for peers that do not read. */
  streamBacklog(): { total: number; largest: number };
  /** Lets calls finish for up to `graceMs`, then cuts them off. The engine is to be stopped before. */
  stop(graceMs: number): Promise<void>;
}

/** A quiet client is asked after this long whether it is still there, and given as long to answer. */
const KEEPALIVE_MS = 30_000;

/** Serves both wire protocols on one port: the Hatchet contract and the native sessions. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { engine, authenticator, findRuns, bindsWorkerNames, requiresSupportedSdks, log, host, port, tls } = options;
  const server = new Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
    "grpc.keepalive_time_ms": KEEPALIVE_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_MS,
    // Counts every message for an inspector that nobody attaches.
    "grpc.enable_channelz": 0,
    interceptors: [leaveCompressed],
  });
  const edge: Edge = {
    engine,
    authenticator,
    findRuns,
    bindsWorkerNames,
    requiresSupportedSdks,
    log,
    connections: connections((connection) => engine.connectionClosed(connection)),
    openCalls: openCalls(),
  };
  addService(server, edge, DispatcherService, dispatcher(edge));
  addService(server, edge, EventsServiceService, eventsService(edge));
  addService(server, edge, WorkflowServiceService, workflowService(edge));
  addService(server, edge, v1.AdminServiceService, adminService(edge));
  addService(server, edge, v1.V1DispatcherService, {});
  addService(server, edge, helve.SessionsService, sessions(edge));
  addTraceCollector(server, edge);
  const listener = await listen({ server, connections: edge.connections, host, port, tls });
  const streamBacklog = () => edge.openCalls.backlog();
  const stopWatching = watchTokens(edge);
  return {
    port: listener.port,
    streamBacklog,
    stop: (graceMs) => {
      stopWatching();
      return stop({ server, listener, edge, graceMs });
    },
  };
}

interface Stopping {
  server: Server;
  listener: Listener;
  edge: Edge;
  graceMs: number;
}

async function stop({ server, listener, edge, graceMs }: Stopping): Promise<void> {
  listener.close();
  edge.openCalls.endAll();
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    // Clients are told to go away (GOAWAY without an error), and connections close with their last call.
    server.tryShutdown(() => resolve());
    timer = setTimeout(resolve, graceMs);
  });
  clearTimeout(timer);
  server.forceShutdown();
  await listener.cutOff();
}
