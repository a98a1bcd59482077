import { retryDelayMs } from "./retry-delay.ts";
import type { TaskDefinition } from "./workflow-definition.ts";

/**
 * The part of a task run's life in which a worker has it. From each of these states it may also be cancelled.
 *
 *   queued ──hand out──► assigned ──report──► succeeded | failed
 *     ▲ ▲                   │ │
 *     │ └── worker lost ────┘ └── failure, retries left ──► backing_off ──due──► queued
 *
 * - Postgres decides: a replica may believe it gave a run out, only the row and the replica's fence say so.
 * - Every report names (id, attempt), so a late one under an old attempt changes nothing.
 * - `attempt` counts hand-outs, `failures` what the user's retries pay for, `requeues` hand-outs that were lost.
 */
export type AttemptEnd =
  | { kind: "failed"; error: string; isRetryable: boolean }
  | { kind: "timed_out"; error: string }
  | { kind: "lost"; reason: string }
  | { kind: "returned"; reason: string };

export type AfterAttempt =
  | { move: "fail"; error: string }
  | { move: "requeue"; status: "queued" | "backing_off"; failures: number; requeues: number; delayMs: number };

/** Hand-outs that may be lost before a task is given up: a task that kills its worker must not go round for ever. */
export const MAX_REQUEUES = 10;

/** What becomes of a task run whose attempt ended without success. */
export function afterAttempt(
  task: Pick<TaskDefinition, "retries" | "backoffFactor" | "backoffMaxSeconds">,
  spent: { failures: number; requeues: number },
  end: AttemptEnd,
): AfterAttempt {
  if (end.kind === "returned") {
    return { move: "requeue", status: "queued", failures: spent.failures, requeues: spent.requeues, delayMs: 0 };
  }
  if (end.kind === "lost") {
    const requeues = spent.requeues + 1;
    if (requeues > MAX_REQUEUES) {
      return { move: "fail", error: `given up after ${MAX_REQUEUES} lost hand-outs, the last: ${end.reason}` };
    }
    return { move: "requeue", status: "queued", failures: spent.failures, requeues, delayMs: 0 };
  }
  const failures = spent.failures + 1;
  if (failures > task.retries || (end.kind === "failed" && !end.isRetryable)) return { move: "fail", error: end.error };
  const delayMs = retryDelayMs(task, failures);
  return {
    move: "requeue",
    status: delayMs > 0 ? "backing_off" : "queued",
    failures,
    requeues: spent.requeues,
    delayMs,
  };
}
