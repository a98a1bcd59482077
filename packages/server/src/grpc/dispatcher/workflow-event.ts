import { ResourceEventType, ResourceType, type WorkflowEvent } from "@helve/contracts";
import type { RunEvent } from "@helve/engine";

const { RESOURCE_TYPE_STEP_RUN, RESOURCE_TYPE_WORKFLOW_RUN } = ResourceType;
const { RESOURCE_EVENT_TYPE_STARTED, RESOURCE_EVENT_TYPE_COMPLETED } = ResourceEventType;
const { RESOURCE_EVENT_TYPE_FAILED, RESOURCE_EVENT_TYPE_CANCELLED, RESOURCE_EVENT_TYPE_STREAM } = ResourceEventType;

const RUN_END: Readonly<Record<"succeeded" | "failed" | "cancelled", ResourceEventType>> = {
  succeeded: RESOURCE_EVENT_TYPE_COMPLETED,
  failed: RESOURCE_EVENT_TYPE_FAILED,
  cancelled: RESOURCE_EVENT_TYPE_CANCELLED,
};

/**
 * A live event as the wire has it; `undefined` for one it has no word for: a task that enters the queue is not yet STARTED.
 *
 * @param hangup whether nothing follows
 */
export function workflowEvent(event: RunEvent, hangup: boolean): WorkflowEvent | undefined {
  const { kind, runId, taskId, atMs, retryCount } = event;
  const base = {
    workflowRunId: runId,
    resourceType: RESOURCE_TYPE_STEP_RUN,
    resourceId: taskId,
    eventTimestamp: new Date(atMs),
    eventPayload: "",
    hangup,
  };
  switch (kind.type) {
    case "task_queued":
      return undefined;
    case "task_started":
      return { ...base, eventType: RESOURCE_EVENT_TYPE_STARTED, retryCount };
    case "task_completed":
      return { ...base, eventType: RESOURCE_EVENT_TYPE_COMPLETED, eventPayload: kind.output, retryCount };
    case "task_failed":
      return { ...base, eventType: RESOURCE_EVENT_TYPE_FAILED, eventPayload: kind.error, retryCount };
    case "task_cancelled":
      return { ...base, eventType: RESOURCE_EVENT_TYPE_CANCELLED, retryCount };
    case "stream":
      return {
        ...base,
        eventType: RESOURCE_EVENT_TYPE_STREAM,
        eventPayload: text(kind.content),
        eventIndex: kind.index,
      };
    case "run_ended":
      return {
        ...base,
        resourceType: RESOURCE_TYPE_WORKFLOW_RUN,
        resourceId: runId,
        eventType: RUN_END[kind.status],
      };
  }
}

/** Chunks are bytes on their way in and text on their way out; what is no UTF-8 becomes replacement characters. */
function text(content: Uint8Array): string {
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString("utf8");
}
