import type { Meter, Observer } from "@helve/engine";
import { Gauge, Registry } from "prom-client";
import { engineMetrics } from "./engine-metrics.ts";
import { processMetrics } from "./process-metrics.ts";
import { type StateSources, stateMetrics } from "./state-metrics.ts";

/** The figures of one server, as Prometheus reads them; docs/reference/metrics.md lists them. */
export interface Metrics {
  /** Counts what the engine tells of. */
  readonly observer: Meter & Partial<Observer>;
  /** Says where the rest is to be read, when all of it is there. */
  connect(sources: StateSources): void;
  /** All figures now, in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
  stop(): void;
}

/** @param version of this build, shown as a label */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  new Gauge({
    name: "helve_build_info",
    help: "Always 1; the label says which build this is",
    labelNames: ["version"],
    registers: [registry],
  }).set({ version }, 1);
  const observer = engineMetrics(registry);
  const { stop } = processMetrics(registry);
  return {
    observer,
    connect: (sources) => stateMetrics(registry, sources),
    text: () => registry.metrics(),
    contentType: registry.contentType,
    stop,
  };
}

/** One observer that passes everything on to two: `first` hears of all events, `second` of those it has ears for. */
export function observeBoth(first: Observer, second: Meter & Partial<Observer>): Observer & Meter {
  return {
    ...second,
    workerConnected(worker) {
      first.workerConnected(worker);
      second.workerConnected?.(worker);
    },
    workerLost(worker) {
      first.workerLost(worker);
      second.workerLost?.(worker);
    },
    workerQuarantined(worker) {
      first.workerQuarantined(worker);
      second.workerQuarantined?.(worker);
    },
    lateReport(report) {
      first.lateReport(report);
      second.lateReport?.(report);
    },
    replicasTakenOver(replicas) {
      first.replicasTakenOver(replicas);
      second.replicasTakenOver?.(replicas);
    },
    fenced(replicaId) {
      first.fenced(replicaId);
      second.fenced?.(replicaId);
    },
    violated(violations) {
      first.violated(violations);
      second.violated?.(violations);
    },
    snapshotHeld(snapshot) {
      first.snapshotHeld(snapshot);
      second.snapshotHeld?.(snapshot);
    },
    failed(what, error) {
      first.failed(what, error);
      second.failed?.(what, error);
    },
  };
}
