import { type Database, nextQueueDeadline, type ReplicaId, resumeDueTaskRuns, takeExpiredTaskRuns } from "@helve/store";
import type { Clock } from "../clock.ts";
import type { Settlement } from "../commands/settlement.ts";

/** Deadlines set by other replicas, which may have died since, are found at the latest then. */
const SWEEP_MS = 10_000;
const RETRY_MS = 500;

export interface QueueTimersDeps {
  db: Database;
  replicaId: () => ReplicaId;
  clock: Clock;
  /** Back-offs are over: these routes have somebody in line. */
  onResumed: (routeIds: ReadonlySet<number>) => void;
  settle: (settlement: Settlement) => Promise<unknown>;
  onError: (error: unknown) => void;
}

/**
 * Deadlines of what waits: ends of back-offs and schedule timeouts. They are columns with an index; this service knows the
 * next one, from what this replica wrote and from reading, and looks when it has come.
 */
export class QueueTimers {
  readonly #deps: QueueTimersDeps;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = true;
  #running: Promise<void> = Promise.resolve();

  constructor(deps: QueueTimersDeps) {
    this.#deps = deps;
    deps.clock.onJump(() => this.#schedule(deps.clock.now()));
  }

  start(): void {
    this.#isStopped = false;
    this.#schedule(this.#deps.clock.now());
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** A deadline was written that passes in so many ms. */
  note(inMs: number): void {
    const atMs = this.#deps.clock.now() + inMs;
    if (atMs < this.#dueAtMs) this.#schedule(atMs);
  }

  #schedule(atMs: number): void {
    if (this.#isStopped) return;
    this.#dueAtMs = atMs;
    clearTimeout(this.#timer);
    const waitMs = Math.max(0, Math.min(atMs - this.#deps.clock.now(), SWEEP_MS));
    this.#timer = setTimeout(() => {
      this.#running = this.#look();
    }, waitMs);
  }

  async #look(): Promise<void> {
    this.#dueAtMs = Number.POSITIVE_INFINITY;
    let nextAtMs = this.#deps.clock.now() + SWEEP_MS;
    try {
      nextAtMs = Math.min(nextAtMs, await this.#handleDue());
    } catch (error) {
      this.#deps.onError(error);
      nextAtMs = this.#deps.clock.now() + RETRY_MS;
    }
    // Something sooner may have been noted meanwhile.
    this.#schedule(Math.min(nextAtMs, this.#dueAtMs));
  }

  /** @returns when the next deadline passes */
  async #handleDue(): Promise<number> {
    const { db, replicaId, clock, onResumed, settle } = this.#deps;
    const nextAtMs = await nextQueueDeadline(db);
    if (nextAtMs === undefined) return Number.POSITIVE_INFINITY;
    if (nextAtMs > clock.now()) return nextAtMs;
    const resumed = await resumeDueTaskRuns(db, replicaId());
    if (resumed.size > 0) onResumed(resumed);
    const expired = await takeExpiredTaskRuns(db, replicaId());
    await Promise.all(
      expired.map(({ id, tenantId, attempt }) =>
        settle({ tenantId, id, attempt, cause: { kind: "schedule_timed_out" }, startedAtMs: null }),
      ),
    );
    return (await nextQueueDeadline(db)) ?? Number.POSITIVE_INFINITY;
  }
}
