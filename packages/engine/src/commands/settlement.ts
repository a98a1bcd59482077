import {
  type AttemptEnd,
  afterAttempt,
  formatDuration,
  type TaskDefinition,
  type TaskEnd,
  type TaskRunId,
  type TenantId,
  taskNumberOf,
} from "@helve/core";
import type { Ending, LockedTaskRun, Requeue } from "@helve/store";

/**
 * Something that happened to an unfinished task run, or is asked of it: a report, a verdict of the engine, a cancel. It
 * names the attempt it is about; null means whichever there is. A cancel may also name a whole run.
 */
export interface Settlement {
  tenantId: TenantId;
  id: TaskRunId;
  attempt: number | null;
  cause:
    | { kind: "succeeded"; output: string }
    | AttemptEnd
    /** Assigned, and the worker has not said that it has it. */
    | { kind: "silent"; reason: string }
    | { kind: "cancelled"; message: string; byWorker: boolean }
    | { kind: "schedule_timed_out" };
  startedAtMs: number | null;
}

/** What became of one task run. */
export type Settled = Pick<Settlement, "cause" | "startedAtMs"> & { row: LockedTaskRun } & (
    | { ending: Ending; requeue?: never }
    | { requeue: Requeue; ending?: never }
  );

/** Whether a settlement still finds the task in the state that it is about. */
export function concerns({ attempt, cause }: Settlement, row: LockedTaskRun): boolean {
  if (attempt !== null && row.attempt !== attempt) return false;
  switch (cause.kind) {
    case "cancelled":
      return !cause.byWorker || row.status === "assigned";
    case "schedule_timed_out":
      return row.status === "queued" && row.isDue;
    case "timed_out":
      return row.status === "assigned" && row.isDue;
    case "silent":
      return row.status === "assigned" && !row.isStarted;
    default:
      return row.status === "assigned";
  }
}

/** What becomes of a locked task run that a settlement concerns. */
export function decide(task: TaskDefinition, row: LockedTaskRun, { cause, startedAtMs }: Settlement): Settled {
  const ended = (status: Ending["status"], output: string | null, error: string | null): Settled => ({
    row,
    cause,
    startedAtMs,
    ending: { id: row.id, status, output, error, startedAtMs },
  });
  switch (cause.kind) {
    case "succeeded":
      return ended("succeeded", cause.output, null);
    case "cancelled":
      return ended("cancelled", null, cause.message);
    case "schedule_timed_out": {
      const waited = formatDuration(row.scheduleTimeoutMs);
      return ended("failed", null, `no worker took the task within its schedule timeout of ${waited}`);
    }
    default: {
      const end: AttemptEnd = cause.kind === "silent" ? { kind: "lost", reason: cause.reason } : cause;
      const after = afterAttempt(task, row, end);
      if (after.move === "fail") return ended("failed", null, after.error);
      const { status, failures, requeues, delayMs } = after;
      return { row, cause, startedAtMs, requeue: { id: row.id, status, failures, requeues, delayMs } };
    }
  }
}

/** The end of a task as its run sees it. */
export function taskEnd({ row, ending, cause }: Settled): TaskEnd {
  const status = (ending as Ending).status;
  const callsOnFailure = status === "failed" && cause.kind !== "schedule_timed_out";
  return { number: taskNumberOf(row.id), status, callsOnFailure };
}
