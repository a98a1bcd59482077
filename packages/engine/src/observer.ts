import type { RunId, TaskRunId, TenantId, WorkerId } from "@helve/core";
import type { OldSnapshot, ReplicaId, Violation } from "@helve/store";
import type { AssignedTask } from "./api.ts";

/** What the engine tells of itself: feeds logs and metrics, and lets tests wait for an event rather than for time. */
export interface Observer {
  workerConnected(worker: { tenantId: TenantId; workerId: WorkerId; name: string }): void;
  workerLost(worker: { tenantId: TenantId; workerId: WorkerId; name: string; reason: string; tasks: number }): void;
  workerQuarantined(worker: { tenantId: TenantId; workerId: WorkerId; name: string; reason: string }): void;
  lateReport(report: { tenantId: TenantId; taskId: TaskRunId; attempt: number | null; outcome: string }): void;
  replicasTakenOver(replicas: readonly ReplicaId[]): void;
  /** Another replica took over from this one; it starts anew. */
  fenced(replicaId: ReplicaId): void;
  /** What is stored breaks the promises: a bug, or somebody wrote into the tables. */
  violated(violations: readonly Violation[]): void;
  /** A session keeps vacuum from removing the dead rows of the hot tables. Told once of each transaction. */
  snapshotHeld(snapshot: OldSnapshot): void;
  /** Something failed that will be tried again. */
  failed(what: string, error: unknown): void;
}

/** Figures about ordinary work, told a batch at a time. An observer that wants none leaves them out. */
export interface Meter {
  /** A batch was committed; `rows` is the number of task runs in it. */
  committed(what: BatchKind, rows: number, tookMs: number): void;
  /** These tasks were given to the stream of their worker. */
  sent(tasks: readonly AssignedTask[]): void;
  /** These task runs have ended. */
  ended(status: "succeeded" | "failed" | "cancelled" | "skipped", tasks: readonly TaskRunId[]): void;
  /** So many tasks left their worker and run again: after a failure, a time-out or the loss of the worker. */
  requeued(cause: string, tasks: number): void;
  /** The minute's audit has looked. `oldestSnapshotSeconds` is 0 when nobody holds an old one. */
  audited(violations: readonly Violation[], oldestSnapshotSeconds: number): void;
}

/**
 * Follows single runs and tasks, after the commit that each call is about. Moments are ms since 1970 by the database's
 * clock. An engine without one spends nothing on it.
 */
export interface Tracer {
  triggered(runs: readonly TracedRun[], times: { askedAtMs: number; storedAtMs: number }): void;
  /** The task was given to the stream of its worker. One that found a free slot at once was queued when it was sent. */
  sent(task: AssignedTask, times: { queuedAtMs: number; sentAtMs: number }): void;
  /** A task has left the hands of a worker connected to this replica. */
  attemptEnded(attempt: TracedAttempt): void;
}

export interface TracedRun {
  id: RunId;
  tenantId: TenantId;
  workflowName: string;
  metadata: string;
}

export interface TracedAttempt {
  task: AssignedTask;
  sentAtMs: number;
  /** The first sign that the worker had it. */
  startedAtMs: number | undefined;
  /** When the worker's report of the end came; undefined when it was the engine that ended the attempt. */
  reportedAtMs: number | undefined;
  /** `succeeded`, or what else it was that happened, in the word of its settlement. */
  outcome: string;
  endedAtMs: number;
}

/**
 * - `store`: new tasks.
 * - `finish`: standalone tasks that succeeded.
 * - `settle`: every other end, return to the line, and tasks that become ready.
 * - `claim`: tasks taken from their lines for workers.
 */
export type BatchKind = "store" | "finish" | "settle" | "claim";
