import type { EventsServiceServer } from "@helve/contracts";
import { unary } from "../calls.ts";
import type { Edge } from "../edge.ts";
import { putLog } from "./put-log.ts";
import { putStreamEvent } from "./put-stream-event.ts";

/** What tasks write while they run. */
export function eventsService(edge: Edge): Partial<EventsServiceServer> {
  return {
    putLog: unary(edge, (caller, request) => putLog(edge, caller, request)),
    putStreamEvent: unary(edge, (caller, request) => putStreamEvent(edge, caller, request)),
  };
}
