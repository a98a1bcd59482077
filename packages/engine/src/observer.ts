import type { TaskRunId, TenantId, WorkerId } from "@helve/core";
import type { ReplicaId, Violation } from "@helve/store";

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
  /** Something failed that will be tried again. */
  failed(what: string, error: unknown): void;
}
