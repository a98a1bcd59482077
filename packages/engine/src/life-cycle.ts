import { type Database, fenceOtherReplicas, type ReplicaId } from "@helve/store";
import type { Reports } from "./commands/report.ts";
import type { TaskLogs } from "./commands/task-logs.ts";
import type { TriggerRuns } from "./commands/trigger-runs.ts";
import type { Dispatcher } from "./dispatcher/dispatcher.ts";
import type { HeldTasks } from "./dispatcher/held-tasks.ts";
import type { HintBus } from "./hints/hint-bus.ts";
import type { ReplicaLease } from "./leases/replica-lease.ts";
import type { Maintenance } from "./maintenance/maintenance.ts";
import type { Observer } from "./observer.ts";
import type { PausedWorkflows } from "./pauses/paused-workflows.ts";
import type { Sessions } from "./sessions/sessions.ts";
import type { Sweeper } from "./sweeper.ts";
import type { QueueTimers } from "./timers/queue-timers.ts";
import type { UnservedWatch } from "./waits/unserved-watch.ts";

export interface LifeCycleDeps {
  db: Database;
  lease: ReplicaLease;
  bus: HintBus;
  sessions: Sessions;
  heldTasks: HeldTasks;
  dispatcher: Dispatcher;
  triggers: TriggerRuns;
  reports: Reports;
  logs: TaskLogs;
  queueTimers: QueueTimers;
  pauses: PausedWorkflows;
  sweeper: Sweeper;
  unservedWatch: UnservedWatch;
  maintenance: Maintenance;
  /** See EngineOptions. */
  isAlone: boolean;
  schema: number;
  onOutdated: (reason: string) => void;
  observer: Observer;
}

const START_AGAIN_MS = 500;

/**
 * In which order the services of a replica come and go, and what becomes of them when it takes over from another replica,
 * is taken over itself, or is left behind by the database.
 */
export class LifeCycle {
  readonly #deps: LifeCycleDeps;
  #state: "stopped" | "starting" | "running" | "stopping" = "stopped";
  #startingAnew: Promise<void> = Promise.resolve();
  /** Why this build cannot go on with the database, if it cannot. */
  #outdated: string | undefined;

  constructor(deps: LifeCycleDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    if (this.#state === "running") return;
    this.#state = "starting";
    const { db, lease, bus, pauses, sessions, queueTimers, sweeper, unservedWatch, maintenance } = this.#deps;
    await lease.start();
    const dead = this.#deps.isAlone ? await fenceOtherReplicas(db, lease.id) : [];
    await bus.start();
    bus.publish({ kind: "joined" });
    await pauses.read();
    pauses.start();
    sessions.start();
    queueTimers.start();
    sweeper.start();
    unservedWatch.start();
    maintenance.start();
    this.#state = "running";
    if (dead.length > 0) this.takeOver(dead);
    else sweeper.watchOrphans();
  }

  async stop(): Promise<void> {
    // Also what has not come up whole holds a lease and timers.
    if (this.#state === "stopped" || this.#state === "stopping") return;
    this.#state = "stopping";
    await this.#startingAnew;
    const { triggers, reports, logs, sessions, queueTimers, bus, lease } = this.#deps;
    this.#deps.sweeper.stop();
    this.#deps.pauses.stop();
    await this.#deps.unservedWatch.stop();
    await this.#deps.maintenance.stop();
    this.#deps.dispatcher.stop();
    this.#deps.heldTasks.stop();
    await Promise.all([triggers.idle(), reports.idle(), logs.idle(), sessions.opened()]);
    sessions.stop();
    await queueTimers.stop();
    await reports.idle();
    await bus.stop();
    await lease.stop();
    this.#state = "stopped";
  }

  /** Why workers cannot be given tasks now. A worker comes back by itself, and finds a replica that can. */
  trouble(): string | undefined {
    return this.#state === "running" ? this.handOutTrouble() : `the engine is ${this.#state}`;
  }

  /** Why nothing may be handed out now. What is given out under a lease that has run out may be taken back at any moment. */
  handOutTrouble(): string | undefined {
    const { lease } = this.#deps;
    return this.#outdated ?? (lease.isValid() ? undefined : `the lease has run out: ${lease.trouble}`);
  }

  takeOver(replicas: readonly ReplicaId[]): void {
    const { observer, sweeper } = this.#deps;
    observer.replicasTakenOver(replicas);
    sweeper.watchOrphans();
    // It may have given something to a worker that had come here already.
    sweeper.doubt();
    sweeper.sweepNow();
  }

  /** @param enginesFrom the oldest schema that engines on the database may have */
  checkSchema(enginesFrom: number): void {
    const { schema, onOutdated } = this.#deps;
    if (enginesFrom <= schema || this.#outdated !== undefined) return;
    this.#outdated = `a newer Helve has migrated the database meanwhile: it is for engines with the schema ${enginesFrom} or later, and this one has ${schema}`;
    onOutdated(this.#outdated);
  }

  /** Another replica has taken over from this one: it forgets what it had and takes a new id, when it can get one. */
  startAnew(): void {
    this.#startingAnew = this.#startAnew();
  }

  async #startAnew(): Promise<void> {
    const { observer, lease, heldTasks, sessions, bus, sweeper } = this.#deps;
    observer.fenced(lease.id);
    // Whose tasks it could not give back, because it could not write.
    const lost = [...heldTasks.all()].flatMap(({ session }) => (session.isClosed ? [session.workerId] : []));
    sessions.stop();
    heldTasks.forgetAll();
    while (this.#state === "running" && !lease.isValid()) {
      await lease.start().catch(async (error) => {
        observer.failed("starting anew after being fenced", error);
        await new Promise((resolve) => setTimeout(resolve, START_AGAIN_MS));
      });
    }
    if (this.#state !== "running") return;
    // The others may have counted one less meanwhile, and tell nobody anything when they are alone.
    bus.publish({ kind: "joined" });
    sessions.start();
    sweeper.watchOrphans(lost);
    sweeper.sweepNow();
  }
}
