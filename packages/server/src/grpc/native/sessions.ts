import type { helve } from "@helve/contracts";
import { bidiStream } from "../calls.ts";
import type { Edge } from "../edge.ts";
import { clientSession } from "./client-session.ts";
import { workerSession } from "./worker-session.ts";

/** The native protocol: one batched stream per worker and one per client program. */
export function sessions(edge: Edge): helve.SessionsServer {
  return {
    worker: bidiStream(edge, (caller, call) => workerSession(edge, caller, call)),
    client: bidiStream(edge, (caller, call) => clientSession(edge, caller, call)),
  };
}
