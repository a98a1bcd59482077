import type { DispatcherServer } from "@helve/contracts";
import { bidiStream, serverStream, unary } from "../calls.ts";
import type { Edge } from "../edge.ts";
import { listen } from "./listen.ts";
import { register } from "./register.ts";
import { sendBatchActionEvent, sendStepActionEvent } from "./report-events.ts";
import { subscribeToWorkflowEvents } from "./run-events.ts";
import { subscribeToWorkflowRuns } from "./run-results.ts";
import { refreshTimeout, releaseSlot } from "./running-task.ts";
import { heartbeat, unsubscribe, upsertWorkerLabels } from "./worker-life.ts";

/**
 * The version of the contract served, not of Helve. Clients switch features on by it; what one of that version may call
 * beyond this adapter answers UNIMPLEMENTED.
 */
export const CONTRACT_VERSION = "v0.101.27";

/** The service by which workers register, take actions and report, and by which programs follow runs. */
export function dispatcher(edge: Edge): Partial<DispatcherServer> {
  return {
    getVersion: unary(edge, () => ({ version: CONTRACT_VERSION })),
    register: unary(edge, (caller, request) => register(edge, caller, request)),
    listen: serverStream(edge, (caller, call) => listen(edge, caller, call, true)),
    listenV2: serverStream(edge, (caller, call) => listen(edge, caller, call, false)),
    heartbeat: unary(edge, (caller, request) => heartbeat(edge, caller, request)),
    unsubscribe: unary(edge, (caller, request) => unsubscribe(edge, caller, request)),
    upsertWorkerLabels: unary(edge, (caller, request) => upsertWorkerLabels(edge, caller, request)),
    sendStepActionEvent: unary(edge, (caller, request) => sendStepActionEvent(edge, caller, request)),
    sendBatchActionEvent: unary(edge, (caller, request) => sendBatchActionEvent(edge, caller, request)),
    refreshTimeout: unary(edge, (caller, request) => refreshTimeout(edge, caller, request)),
    releaseSlot: unary(edge, (caller, request) => releaseSlot(edge, caller, request)),
    // Accepted without effect: overrides were a feature of a dashboard that is no more.
    putOverridesData: unary(edge, () => ({})),
    subscribeToWorkflowEvents: serverStream(edge, (caller, call) => subscribeToWorkflowEvents(edge, caller, call)),
    subscribeToWorkflowRuns: bidiStream(edge, (caller, call) => subscribeToWorkflowRuns(edge, caller, call)),
  };
}
