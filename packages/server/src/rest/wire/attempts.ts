import type { EventRecord, RunRecord } from "../reading.ts";
import { attemptOf } from "./task-summary.ts";

/** How a stored event ends an attempt. A lost one failed, as far as that attempt goes. */
const ENDED_BY: Readonly<Record<string, "failed" | "cancelled" | "skipped">> = {
  failed: "failed",
  timed_out: "failed",
  scheduling_timed_out: "failed",
  reassigned: "failed",
  cancelled: "cancelled",
  skipped: "skipped",
};

/**
 * A task as it was in an earlier attempt, from its stored events: when the attempt began, how it ended and why. Of an
 * attempt that succeeded and was replayed the output is not kept.
 *
 * @param stored the task's events
 * @returns undefined when there was no such attempt
 */
export function taskInAttempt(task: RunRecord, stored: readonly EventRecord[], attempt: number): RunRecord | undefined {
  const latest = attemptOf(task);
  if (attempt === latest) return task;
  if (attempt > latest) return undefined;
  const events = stored.filter((event) => event.attempt === attempt);
  const timeOf = (kind: string) => events.find((event) => event.kind === kind)?.at ?? null;
  const end = events.findLast((event) => event.kind in ENDED_BY);
  const replay = events.find((event) => event.kind === "retried_by_user");
  return {
    ...task,
    attempt,
    status: end ? (ENDED_BY[end.kind] as "failed") : "succeeded",
    workerId: events.find((event) => event.workerId !== null)?.workerId ?? null,
    queuedAt: timeOf("queued"),
    assignedAt: timeOf("assigned"),
    startedAt: timeOf("started"),
    finishedAt: end?.at ?? replay?.at ?? null,
    output: null,
    error: end?.message ?? null,
  };
}
