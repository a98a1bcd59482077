import { type IntervalHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks";
import { Gauge, type Registry } from "prom-client";
import { countTotal } from "./state-metrics.ts";

/** How often the event loop is looked at. Each look wakes the process, which costs some 40 µs: 20 ms would take 0.2 % of a core. */
const RESOLUTION_MS = 100;

/** What this process takes of its machine, and whether it keeps up. */
export function processMetrics(registry: Registry): { stop(): void } {
  const registers = [registry];
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  new Gauge({
    name: "helve_event_loop_lag_seconds",
    help: "How late timers were since the last scrape",
    labelNames: ["quantile"],
    registers,
    collect() {
      for (const quantile of [50, 99, 100]) this.set({ quantile: String(quantile / 100) }, lag(delay, quantile));
      delay.reset();
    },
  });
  let before = performance.eventLoopUtilization();
  new Gauge({
    name: "helve_event_loop_utilization",
    help: "Share of the time since the last scrape in which the event loop was busy",
    registers,
    collect() {
      const now = performance.eventLoopUtilization();
      this.set(performance.eventLoopUtilization(now, before).utilization);
      before = now;
    },
  });
  countTotal(registry, "process_cpu_seconds_total", "CPU time of this process", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Memory that this process holds",
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: "process_start_time_seconds",
    help: "When this process began, in seconds since 1970",
    registers,
  }).set(performance.timeOrigin / 1000);
  return { stop: () => void delay.disable() };
}

/** The monitor counts from one look to the next. */
function lag(delay: IntervalHistogram, quantile: number): number {
  if (delay.count === 0) return 0;
  const ns = quantile === 100 ? delay.max : delay.percentile(quantile);
  return Math.max(0, ns / 1e9 - RESOLUTION_MS / 1000);
}
