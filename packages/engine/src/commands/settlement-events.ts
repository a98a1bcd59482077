import { formatDuration } from "@helve/core";
import type { NewTaskEvent, Requeue, TaskEventKind } from "@helve/store";
import type { Settled } from "./settlement.ts";

/**
 * The events that a settlement leaves in the history of its task. A success leaves none: it is on the row. What ends an
 * attempt stands under that attempt, the retry that follows under the next one, as the wire shows them.
 */
export function eventsOf({ row, cause, requeue, ending }: Settled): NewTaskEvent[] {
  const event = (kind: TaskEventKind, message: string, attempt = Math.max(row.attempt, 1)): NewTaskEvent => ({
    tenantId: row.tenantId,
    taskId: row.id,
    attempt,
    kind,
    message,
    workerId: row.workerId,
  });
  const retrying = requeue ? [event("retrying", retryMessage(requeue), row.attempt + 1)] : [];
  switch (cause.kind) {
    case "succeeded":
      return [];
    case "cancelled":
      return [event(ending?.status === "skipped" ? "skipped" : "cancelled", cause.message)];
    case "schedule_timed_out":
      return [event("scheduling_timed_out", ending?.error ?? "")];
    case "failed":
      return [event("failed", cause.error), ...retrying];
    case "timed_out":
      return [event("timed_out", cause.error), ...retrying];
    case "lost":
    case "silent":
      return [event("reassigned", cause.reason), ...(ending ? [event("failed", ending.error ?? "")] : [])];
    case "returned":
      return [event("reassigned", cause.reason)];
  }
}

function retryMessage({ failures, delayMs }: Requeue): string {
  const delay = delayMs > 0 ? ` Retrying in ${formatDuration(delayMs)}.` : "";
  return `This is retry number ${failures}.${delay}`;
}
