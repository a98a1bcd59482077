import type { PeerCertificate } from "node:tls";
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  ServerDuplexStream,
  ServerWritableStream,
} from "@grpc/grpc-js";
import { HelveError } from "@helve/core";
import type { ConnectionId } from "@helve/engine";
import type { Caller } from "../auth/caller.ts";
import { CALLS, scopeProblem } from "../auth/permissions.ts";
import { certificateNames } from "./certificate-names.ts";
import type { CallContext, Edge } from "./edge.ts";
import { PREFER_UNCOMPRESSED } from "./gzip.ts";
import { toStatus } from "./status.ts";
import { UnreadableRequest } from "./unreadable.ts";

/**
 * Wraps a handler of a unary call: who calls, and whether his token is for that, is found first, and what the handler
 * throws becomes the status.
 *
 * The usual call waits for nothing but the handler: its token is found in the cache, which is one look into a map.
 */
export function unary<Request, Response>(
  edge: Edge,
  handle: (caller: CallContext, request: Request) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return async (call, respond) => {
    try {
      if (call.request instanceof UnreadableRequest) throw call.request.error;
      const response = await handle(await contextOf(edge, call), call.request);
      call.sendMetadata(PREFER_UNCOMPRESSED);
      respond(null, response);
    } catch (error) {
      respond(toStatus(error, call.getPath(), edge.log));
    }
  };
}

/**
 * Wraps a handler of a call that the server answers with a stream. What the handler throws ends the stream; otherwise it
 * stays open until either side ends it.
 */
export function serverStream<Request, Response>(
  edge: Edge,
  handle: (caller: CallContext, call: ServerWritableStream<Request, Response>) => void | Promise<void>,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    if (call.request instanceof UnreadableRequest) failStream(edge, call, call.request.error);
    else void runStream(edge, call, handle);
  };
}

/** Wraps a handler of a call with streams both ways, like {@link serverStream}. */
export function bidiStream<Request, Response>(
  edge: Edge,
  handle: (caller: CallContext, call: ServerDuplexStream<Request, Response>) => void | Promise<void>,
): handleBidiStreamingCall<Request, Response> {
  return (call) => void runStream(edge, call, handle);
}

interface StreamingCall extends PeerCall {
  end(): void;
  once(event: "close", listener: () => void): unknown;
  emit(event: "error", error: unknown): boolean;
}

async function runStream<Call extends StreamingCall>(
  edge: Edge,
  call: Call,
  handle: (caller: CallContext, call: Call) => void | Promise<void>,
): Promise<void> {
  const authorization = authorizationOf(call);
  const fail = (error: unknown) => failStream(edge, call, error);
  call.once("close", edge.openCalls.add({ authorization, end: () => call.end(), fail }));
  try {
    await handle(await contextOf(edge, call), call);
  } catch (error) {
    fail(error);
  }
}

/** Ends a stream with the status of an error. */
export function failStream(
  edge: Edge,
  call: { emit(event: "error", error: unknown): boolean; getPath(): string },
  error: unknown,
): void {
  call.emit("error", toStatus(error, call.getPath(), edge.log));
}

/** For what a stream does later on, when a message comes: an error thrown there would end the process. */
export function endOnError(edge: Edge, call: Parameters<typeof failStream>[1], work: () => void): void {
  try {
    work();
  } catch (error) {
    failStream(edge, call, error);
  }
}

interface PeerCall {
  metadata: Metadata;
  getPeer(): string;
  getPath(): string;
  getAuthContext(): { sslPeerCertificate?: PeerCertificate };
}

function authorizationOf({ metadata }: PeerCall): string | undefined {
  return metadata.get("authorization")[0] as string | undefined;
}

/** Synchronous where it can be: an async function here would cost the hot path a promise more. */
function contextOf(edge: Edge, call: PeerCall): CallContext | Promise<CallContext> {
  const authorization = authorizationOf(call);
  const connection = edge.connections.idOf(call.getPeer());
  const known = edge.authenticator.known(authorization);
  if (known) return permitted(edge, call, known, connection);
  return edge.authenticator.authenticate(authorization).then((caller) => permitted(edge, call, caller, connection));
}

function permitted(
  { bindsWorkerNames }: Edge,
  call: PeerCall,
  { tenantId, scope }: Caller,
  connection: ConnectionId,
): CallContext {
  const path = call.getPath();
  const problem = scopeProblem(scope, CALLS[path], path);
  if (problem !== undefined) throw new HelveError("permission_denied", problem);
  const names = () => certificateNames(call.getAuthContext().sslPeerCertificate);
  return { tenantId, scope, connection, certificateNames: bindsWorkerNames ? names : undefined };
}
