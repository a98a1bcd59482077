import type { BatchKind, Meter, Observer } from "@helve/engine";
import { Counter, Gauge, type Metric, type Registry } from "prom-client";
import { Histogram } from "./histogram.ts";

const BATCHES: readonly BatchKind[] = ["store", "finish", "settle", "claim"];
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600];
const COMMIT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const ROWS = [0, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000];

type Events = Meter & Partial<Observer>;

/** Figures that the engine tells of, counted as they come. */
export function engineMetrics(registry: Registry): Events {
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = (options: ConstructorParameters<typeof Histogram>[0]) => {
    const made = new Histogram(options);
    registry.registerMetric(made as unknown as Metric);
    return made;
  };
  const label = { name: "batch", values: BATCHES };

  const rows = histogram({ name: "helve_batch_rows", help: "Task runs in one commit", buckets: ROWS, label });
  const commits = histogram({
    name: "helve_batch_seconds",
    help: "From the start of a batch to its commit, repetitions included",
    buckets: COMMIT_SECONDS,
    label,
  });
  const dispatch = histogram({
    name: "helve_dispatch_latency_seconds",
    help: "From the trigger to the worker's stream: first attempts of tasks without parents",
    buckets: SECONDS,
  });
  const lifetime = histogram({
    name: "helve_task_lifetime_seconds",
    help: "From the trigger of its run to the end of a task",
    buckets: SECONDS,
  });
  const stored = counter("helve_tasks_stored_total", "Tasks stored");
  const sent = counter("helve_tasks_sent_total", "Attempts given to the stream of a worker");
  const ended = counter("helve_tasks_ended_total", "Tasks that ended, by how", ["status"]);
  const requeued = counter("helve_tasks_requeued_total", "Attempts that were followed by another, by why", ["cause"]);
  const late = counter("helve_late_reports_total", "Reports that came too late and changed nothing");
  const lost = counter("helve_workers_lost_total", "Workers given up for dead");
  const quarantined = counter("helve_workers_quarantined_total", "Workers that took tasks and did not confirm them");
  const failures = counter("helve_failures_total", "Work of the engine itself that failed and is tried again", [
    "what",
  ]);
  const audits = counter("helve_audits_total", "Audits of what is stored");
  const violations = new Gauge({
    name: "helve_audit_violations",
    help: "Rows that break a promise, found by the last audit",
    registers,
  });
  const oldestSnapshot = new Gauge({
    name: "helve_oldest_snapshot_seconds",
    help: "How long the oldest snapshot has been held in the database, 0 below a minute",
    registers,
  });
  // A counter that begins with its first failure has not risen by then.
  failures.inc({ what: "renewing the lease" }, 0);
  for (const status of ["succeeded", "failed", "cancelled", "skipped"]) ended.inc({ status }, 0);

  return {
    committed(what, count, tookMs) {
      rows.observe(count, what);
      commits.observe(tookMs / 1000, what);
      if (what === "store") stored.inc(count);
    },
    sent(tasks) {
      sent.inc(tasks.length);
      const nowMs = Date.now();
      for (const { id, attempt, parents, stepRunErrors } of tasks) {
        if (attempt === 1 && parents === "{}" && stepRunErrors === undefined) dispatch.observe(secondsSince(id, nowMs));
      }
    },
    ended(status, tasks) {
      ended.inc({ status }, tasks.length);
      const nowMs = Date.now();
      for (const id of tasks) lifetime.observe(secondsSince(id, nowMs));
    },
    requeued: (cause, count) => requeued.inc({ cause }, count),
    audited(found, oldestSnapshotSeconds) {
      audits.inc();
      oldestSnapshot.set(oldestSnapshotSeconds);
      violations.set(found.length);
    },
    lateReport: () => late.inc(),
    workerLost: () => lost.inc(),
    workerQuarantined: () => quarantined.inc(),
    failed: (what) => failures.inc({ what }),
  };
}

/** A UUIDv7 begins with its time in ms; a task's id has that of its run. Clocks of two replicas may differ. */
function secondsSince(id: string, nowMs: number): number {
  const bornMs = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
  return Math.max(0, nowMs - bornMs) / 1000;
}
