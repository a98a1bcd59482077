import type { Logger } from "../../logging/logger.ts";
import type { WorkerSession } from "../../session/worker-session.ts";
import { SDK_VERSION } from "../../version.ts";
import type { WorkerLabels } from "../task-runtime.ts";
import { HealthServer } from "./health-server.ts";
import { LoopLag } from "./loop-lag.ts";
import { metricsText } from "./metrics-text.ts";
import { type Health, judgeHealth, type WorkerFacts } from "./worker-health.ts";

/** A worker, as far as its health goes. */
export interface Vitals {
  name: string;
  state: () => WorkerFacts["state"];
  session: Pick<WorkerSession, "workerId" | "isConnected" | "wasEverConnected" | "streams" | "unacknowledgedMs">;
  /** Attempts whose code runs. */
  running: () => number;
  /** Attempts that are over, by how they ended. */
  ended: Readonly<Record<string, number>>;
  slots: number;
  actions: () => string[];
  labels: () => WorkerLabels;
  isPaused: () => boolean;
}

/** Tells probes and Prometheus how a worker is, from its start to its end. */
export class WorkerHealth {
  readonly #vitals: Vitals;
  readonly #logger: Logger;
  readonly #server: HealthServer;
  #lag: LoopLag | undefined;

  constructor(where: { host: string; port: number }, vitals: Vitals, logger: Logger) {
    this.#vitals = vitals;
    this.#logger = logger;
    this.#server = new HealthServer({
      ...where,
      health: () => this.#health(),
      details: () => this.#details(),
      metrics: () => this.#metrics(),
    });
  }

  get port(): number | undefined {
    return this.#server.port;
  }

  /** A port that is taken is logged: the worker works without. */
  async start(): Promise<void> {
    this.#lag = new LoopLag();
    await this.#server.start().catch((error: Error) => this.#logger.error(error.message));
  }

  async stop(): Promise<void> {
    this.#lag?.stop();
    await this.#server.stop();
  }

  #health(): Health {
    const { state, session } = this.#vitals;
    const { isConnected, wasEverConnected, unacknowledgedMs } = session;
    return judgeHealth({ state: state(), isConnected, wasEverConnected, unacknowledgedMs, stalledMs: this.#lagMs(1) });
  }

  /** `slots` are the free ones, as in what Hatchet's worker tells. */
  #details(): object {
    const { name, session, running, slots, actions, labels, isPaused } = this.#vitals;
    return {
      name,
      workerId: session.workerId,
      isPaused: isPaused(),
      slots: Math.max(0, slots - running()),
      running: running(),
      actions: actions(),
      labels: labels(),
      sdkVersion: SDK_VERSION,
      nodeVersion: process.version,
      unacknowledgedMs: Math.round(session.unacknowledgedMs),
      eventLoopLagMs: { p99: Math.round(this.#lagMs(0.99)), worst: Math.round(this.#lagMs(1)) },
    };
  }

  #metrics(): string {
    const { session, running, ended, slots, actions } = this.#vitals;
    return metricsText({
      isHealthy: this.#health().status === "HEALTHY",
      isConnected: session.isConnected,
      actions: actions().length,
      slots,
      running: running(),
      ended,
      streams: session.streams,
      unacknowledgedMs: session.unacknowledgedMs,
      lagMs: (quantile) => this.#lagMs(quantile),
    });
  }

  #lagMs(quantile: number): number {
    return this.#lag?.ms(quantile) ?? 0;
  }
}
