import {
  createPartitions,
  type Database,
  deleteExpiredRoutes,
  findViolations,
  forgetAskedAgain,
  listOldSnapshots,
} from "@helve/store";
import type { Meter, Observer } from "../observer.ts";

const AUDIT_MS = 60_000;
/** Whoever holds a snapshot for longer is mentioned: the dead rows of a minute at full load are more than a claim should walk over. */
const OLD_SNAPSHOT_SECONDS = 60;
const PARTITIONS_MS = 6 * 3_600_000;
const ROUTES_MS = 3_600_000;
const FORGET_MS = 600_000;

/**
 * Looks every minute whether what is stored keeps the promises and who keeps vacuum from its work, makes the partitions of the
 * weeks to come, and deletes the routes that only runs of long ago had asked for, and what is remembered of repeated requests.
 */
export class Maintenance {
  readonly #db: Database;
  readonly #observer: Observer & Partial<Meter>;
  #timers: NodeJS.Timeout[] = [];
  /** Transactions that were mentioned, by pid and begin. */
  #mentioned = new Set<string>();
  #running: Promise<void> = Promise.resolve();

  readonly #oldSnapshotSeconds: number;

  constructor(db: Database, observer: Observer & Partial<Meter>, oldSnapshotSeconds: number = OLD_SNAPSHOT_SECONDS) {
    this.#db = db;
    this.#observer = observer;
    this.#oldSnapshotSeconds = oldSnapshotSeconds;
  }

  start(): void {
    if (this.#timers.length > 0) return;
    this.#timers = [
      setInterval(() => this.#queue("auditing", () => this.audit()), AUDIT_MS),
      setInterval(() => this.#queue("creating partitions", () => createPartitions(this.#db)), PARTITIONS_MS),
      setInterval(() => this.#queue("forgetting requests", () => forgetAskedAgain(this.#db)), FORGET_MS),
      setInterval(() => this.#queue("deleting routes", () => deleteExpiredRoutes(this.#db)), ROUTES_MS),
    ];
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    await this.#running;
  }

  /** Tells the observer of everything that breaks a promise now, and of transactions that make the hot tables grow. */
  async audit(): Promise<void> {
    const violations = await findViolations(this.#db);
    const snapshots = await listOldSnapshots(this.#db, this.#oldSnapshotSeconds);
    this.#observer.audited?.(violations, snapshots[0]?.ageSeconds ?? 0);
    if (violations.length > 0) this.#observer.violated(violations);
    const known = this.#mentioned;
    this.#mentioned = new Set(snapshots.map(({ pid, sinceMs }) => `${pid} ${sinceMs}`));
    for (const snapshot of snapshots) {
      if (!known.has(`${snapshot.pid} ${snapshot.sinceMs}`)) this.#observer.snapshotHeld(snapshot);
    }
  }

  #queue(what: string, work: () => Promise<void>): void {
    this.#running = this.#running.then(work).catch((error) => this.#observer.failed(what, error));
  }
}
