import { createPartitions, type Database, deleteExpiredRoutes, findViolations } from "@helve/store";
import type { Meter, Observer } from "../observer.ts";

const AUDIT_MS = 60_000;
const PARTITIONS_MS = 6 * 3_600_000;
const ROUTES_MS = 3_600_000;

/**
 * Looks every minute whether what is stored keeps the promises, makes the partitions of the weeks to come, and deletes the
 * routes that only runs of long ago had asked for.
 */
export class Maintenance {
  readonly #db: Database;
  readonly #observer: Observer & Partial<Meter>;
  #timers: NodeJS.Timeout[] = [];
  #running: Promise<void> = Promise.resolve();

  constructor(db: Database, observer: Observer & Partial<Meter>) {
    this.#db = db;
    this.#observer = observer;
  }

  start(): void {
    if (this.#timers.length > 0) return;
    this.#timers = [
      setInterval(() => this.#queue("auditing", () => this.audit()), AUDIT_MS),
      setInterval(() => this.#queue("creating partitions", () => createPartitions(this.#db)), PARTITIONS_MS),
      setInterval(() => this.#queue("deleting routes", () => deleteExpiredRoutes(this.#db)), ROUTES_MS),
    ];
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    await this.#running;
  }

  /** Tells the observer of everything that breaks a promise now. */
  async audit(): Promise<void> {
    const violations = await findViolations(this.#db);
    this.#observer.audited?.(violations);
    if (violations.length > 0) this.#observer.violated(violations);
  }

  #queue(what: string, work: () => Promise<void>): void {
    this.#running = this.#running.then(work).catch((error) => this.#observer.failed(what, error));
  }
}
