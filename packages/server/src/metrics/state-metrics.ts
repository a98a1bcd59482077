import type { TenantId } from "@helve/core";
import type { Engine } from "@helve/engine";
import { Counter, Gauge, type Registry } from "prom-client";

/** Where the figures come from that are asked for at a scrape. */
export interface StateSources {
  engine: Pick<Engine, "readiness" | "status">;
  /** Statements and commits sent to the database so far. */
  databaseCounters: Readonly<{ statements: number; commits: number }>;
  /** What stands in line in the whole cluster, by tenant; asks the database. */
  listBacklogs(): Promise<ReadonlyMap<TenantId, Backlog>>;
  /** What waits in this process for workers and clients that do not read, in bytes or nearly so. */
  streamBacklog(): { total: number; largest: number };
}

/** What of a tenant stands in line. */
export interface Backlog {
  queued: number;
  oldestSeconds: number;
  /** Of them, those whose action no connected worker has. */
  unserved: number;
}

/** A scrape does not wait longer for the database. */
const PATIENCE_MS = 2_000;
/** Scrapes that come sooner share one look into the database. */
const REMEMBER_MS = 5_000;

/** Figures that are there to be read: from memory, and the lines' lengths from the database. */
export function stateMetrics(registry: Registry, sources: StateSources): void {
  const { engine, databaseCounters, streamBacklog } = sources;
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge("helve_ready", "1 when tasks can run, else 0", () => Number(engine.readiness().isReady));
  gauge("helve_lease_valid", "1 while this replica may hand out work, else 0", () =>
    Number(engine.status().lease.isValid),
  );
  gauge("helve_replicas", "Replicas alive at the last renewal of the lease", () => engine.status().lease.replicas);
  gauge("helve_stream_buffered_bytes", "What waits for peers that do not read", () => streamBacklog().total);
  gauge("helve_stream_buffered_bytes_max", "What waits for the slowest of them", () => streamBacklog().largest);
  countTotal(registry, "helve_database_statements_total", "Statements sent", () => databaseCounters.statements);
  countTotal(registry, "helve_database_commits_total", "Transactions begun", () => databaseCounters.commits);

  new Gauge({
    name: "helve_workers",
    help: "Workers connected to this replica, by state",
    labelNames: ["state"],
    registers,
    collect() {
      for (const [state, count] of Object.entries(engine.status().workers)) this.set({ state }, count);
    },
  });
  new Gauge({
    name: "helve_tasks_running",
    help: "Tasks in the hands of workers connected to this replica",
    labelNames: ["tenant"],
    registers,
    collect() {
      this.reset();
      for (const [tenant, count] of engine.status().tasks) this.set({ tenant }, count);
    },
  });
  new Gauge({
    name: "helve_slots",
    help: "Slots of the workers connected to this replica",
    labelNames: ["kind", "state"],
    registers,
    collect() {
      this.reset();
      for (const [kind, { limit, used }] of engine.status().slots) {
        this.set({ kind, state: "taken" }, used);
        this.set({ kind, state: "free" }, Math.max(0, limit - used));
      }
    },
  });
  const listBacklogs = remembering(sources.listBacklogs);
  const ofLines = (name: string, help: string, figure: keyof Backlog) =>
    new Gauge({
      name,
      help,
      labelNames: ["tenant"],
      registers,
      async collect() {
        this.reset();
        for (const [tenant, backlog] of await listBacklogs()) this.set({ tenant }, backlog[figure]);
      },
    });
  // None of them while the database does not answer.
  ofLines("helve_tasks_queued", "Tasks in line in the whole cluster", "queued");
  ofLines("helve_queue_oldest_seconds", "How long the first task in a line has been waiting there", "oldestSeconds");
  ofLines("helve_tasks_unserved", "Tasks in line whose action no connected worker has", "unserved");
}

/** A counter that somebody else counts. */
export function countTotal(registry: Registry, name: string, help: string, read: () => number): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}

function remembering(list: StateSources["listBacklogs"]): StateSources["listBacklogs"] {
  let last: ReturnType<typeof list> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (!last || performance.now() - askedAt > REMEMBER_MS) {
      askedAt = performance.now();
      last = list().catch(() => new Map());
    }
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<ReadonlyMap<TenantId, Backlog>>((resolve) => {
      timer = setTimeout(() => resolve(new Map()), PATIENCE_MS);
    });
    return Promise.race([last, patience]).finally(() => clearTimeout(timer));
  };
}
