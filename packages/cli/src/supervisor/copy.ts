import { setTimeout as pause } from "node:timers/promises";
import { type Fleet, isIdle, type Worker } from "../engine/workers.ts";
import type { CopyProcess, Ending } from "./copy-process.ts";
import type { SelfReport } from "./health-probe.ts";
import type { Seeker } from "./match-workers.ts";

/** How a copy ends. */
export interface Retirement {
  readonly reason: string;
  readonly graceMs: number;
  /** Whether its workers are to finish first what they have: paused, and waited for. */
  readonly drains: boolean;
}

/** So much of the grace is left for the program itself, half of it at most. */
const OWN_END_MS = 5000;
const LOOK_MS = 250;

/**
 * A copy of the worker program and what the engine knows of it.
 *
 *   started ──its worker is active──► ready ──retire──► draining ──SIGTERM──► ended
 *      └──────────────── crash ────────┴────────────────────────────────────────▲
 */
export class Copy implements Seeker {
  readonly name: string;
  readonly tag: string;
  readonly before: ReadonlySet<string> | undefined;
  readonly process: CopyProcess;
  /** Where its worker was told to serve `/health`. */
  readonly healthPort: number | undefined;
  readonly startedAt: Date = new Date();
  readonly workerIds: Set<string> = new Set();
  readonly #startedMs = performance.now();
  readonly #fleet: Fleet;
  #retirement: Promise<Ending> | undefined;
  #inactiveSince: number | undefined;
  #hasBeenActive = false;
  #hasBeenHealthy = false;
  #unhealthy: { since: number; reason: string } | undefined;
  /** Its workers, as they were listed last. */
  workers: readonly Worker[] = [];

  constructor(given: {
    name: string;
    tag: string;
    before: ReadonlySet<string> | undefined;
    process: CopyProcess;
    healthPort: number | undefined;
    fleet: Fleet;
  }) {
    this.name = given.name;
    this.tag = given.tag;
    this.before = given.before;
    this.process = given.process;
    this.healthPort = given.healthPort;
    this.#fleet = given.fleet;
  }

  get upMs(): number {
    return performance.now() - this.#startedMs;
  }

  get isRetired(): boolean {
    return this.#retirement !== undefined;
  }

  /** Whether it has a worker that the engine gives work to. */
  get isActive(): boolean {
    return this.workers.some((worker) => worker.status === "ACTIVE");
  }

  /** How long all its workers have been inactive; nothing before the first was active. */
  get inactiveForMs(): number | undefined {
    return this.#inactiveSince === undefined ? undefined : performance.now() - this.#inactiveSince;
  }

  /** For how long its worker has not been well, and why; nothing before it was well once. */
  get unhealthy(): { forMs: number; reason: string } | undefined {
    return this.#unhealthy && { forMs: performance.now() - this.#unhealthy.since, reason: this.#unhealthy.reason };
  }

  /** Takes note of what its worker says of itself. A program that serves no `/health` is never heard. */
  hear(report: SelfReport | undefined): void {
    this.#hasBeenHealthy ||= report?.isHealthy === true;
    if (!this.#hasBeenHealthy || report?.isHealthy) this.#unhealthy = undefined;
    else {
      const reason = report?.reason ?? "nothing listens at its port any more";
      this.#unhealthy = { since: this.#unhealthy?.since ?? performance.now(), reason };
    }
  }

  /** Takes note of a list of workers. */
  see(list: readonly Worker[]): void {
    this.workers = list.filter((worker) => this.workerIds.has(worker.metadata.id));
    this.#hasBeenActive ||= this.isActive;
    const isInactive = this.#hasBeenActive && this.workers.every((worker) => worker.status === "INACTIVE");
    this.#inactiveSince = isInactive ? (this.#inactiveSince ?? performance.now()) : undefined;
  }

  /** While the engine cannot be asked, nobody is inactive or unwell: it may be the engine that is gone. */
  forgetTrouble(): void {
    this.#inactiveSince = undefined;
    this.#unhealthy = undefined;
  }

  /** Ends it; the first call decides how. */
  retire(how: Retirement): Promise<Ending> {
    this.#retirement ??= this.#end(how);
    return this.#retirement;
  }

  async #end({ graceMs, drains }: Retirement): Promise<Ending> {
    const endAt = performance.now() + graceMs;
    if (drains && this.workerIds.size > 0) {
      const ended = this.process.ended.then(() => true);
      await Promise.race([this.#drain(endAt - Math.min(OWN_END_MS, graceMs / 2)), ended]);
    }
    return this.process.stop(Math.max(0, endAt - performance.now()));
  }

  /** Resolves when its workers have nothing left to do or the time is over. */
  async #drain(untilMs: number): Promise<void> {
    const ids = [...this.workerIds];
    try {
      await Promise.all(ids.map((id) => this.#fleet.setPaused(id, true)));
      while (performance.now() < untilMs) {
        const workers = await Promise.all(ids.map((id) => this.#fleet.get(id)));
        if (workers.every(isIdle)) return;
        await pause(LOOK_MS);
      }
    } catch {
      // An engine that cannot be asked does not keep a worker from ending; the program has its own way to do that.
    }
  }
}
