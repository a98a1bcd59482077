/** A figure and its samples, by the text of their labels. */
interface Metric {
  name: string;
  kind: "gauge" | "counter";
  help: string;
  samples: readonly (readonly [labels: string, value: number])[];
}

/** What a worker counts, beside its health. */
export interface WorkerFigures {
  isHealthy: boolean;
  isConnected: boolean;
  actions: number;
  slots: number;
  running: number;
  ended: Readonly<Record<string, number>>;
  /** Times that its stream was opened. */
  streams: number;
  unacknowledgedMs: number;
  lagMs: (quantile: number) => number;
}

export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The figures in the text format of Prometheus. Those that begin with `hatchet_` are what Hatchet's worker serves. */
export function metricsText(figures: WorkerFigures): string {
  const { isHealthy, isConnected, actions, slots, running, ended, streams, unacknowledgedMs, lagMs } = figures;
  const { user, system } = process.cpuUsage();
  const one = (value: number) => [["", value] as const];
  const metrics: Metric[] = [
    { name: "helve_worker_healthy", kind: "gauge", help: "1 when /health says 200", samples: one(Number(isHealthy)) },
    {
      name: "helve_worker_connected",
      kind: "gauge",
      help: "1 while the engine has it",
      samples: one(Number(isConnected)),
    },
    {
      name: "helve_worker_slots",
      kind: "gauge",
      help: "Slots, by state",
      samples: [
        ['{state="taken"}', running],
        ['{state="free"}', Math.max(0, slots - running)],
      ],
    },
    {
      name: "helve_worker_attempts_total",
      kind: "counter",
      help: "Attempts whose code has ended or that were given back, by how",
      samples: Object.entries(ended).map(([outcome, count]) => [`{outcome="${outcome}"}`, count] as const),
    },
    { name: "helve_worker_streams_total", kind: "counter", help: "Streams opened to an engine", samples: one(streams) },
    {
      name: "helve_worker_unacknowledged_seconds",
      kind: "gauge",
      help: "For how long the engine has acknowledged nothing of what waits for it",
      samples: one(unacknowledgedMs / 1000),
    },
    {
      name: "helve_worker_event_loop_lag_seconds",
      kind: "gauge",
      help: "How late timers were in the last half minute or more",
      samples: [0.5, 0.99, 1].map((quantile) => [`{quantile="${quantile}"}`, lagMs(quantile) / 1000] as const),
    },
    { name: "hatchet_worker_status", kind: "gauge", help: "1 when healthy", samples: one(Number(isHealthy)) },
    { name: "hatchet_worker_slots", kind: "gauge", help: "Free slots", samples: one(Math.max(0, slots - running)) },
    { name: "hatchet_worker_actions", kind: "gauge", help: "Actions", samples: one(actions) },
    { name: "process_cpu_seconds_total", kind: "counter", help: "CPU time", samples: one((user + system) / 1e6) },
    {
      name: "process_resident_memory_bytes",
      kind: "gauge",
      help: "Memory held",
      samples: one(process.memoryUsage.rss()),
    },
  ];
  return metrics.map(textOf).join("");
}

function textOf({ name, kind, help, samples }: Metric): string {
  const lines = samples.map(([labels, value]) => `${name}${labels} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${lines.join("")}`;
}
