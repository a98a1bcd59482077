import type { TenantId } from "@helve/core";
import { type ClaimedTaskRun, claimTaskRuns, type Database, type ReplicaId } from "@helve/store";
import type { AssignedTask } from "../api.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Clock } from "../clock.ts";
import type { Meter, Tracer } from "../observer.ts";
import { persist } from "../persist.ts";
import type { Session } from "../sessions/session.ts";
import { describeAssignments } from "./assignment.ts";
import type { HeldTasks } from "./held-tasks.ts";
import { rankInLine } from "./line-position.ts";
import type { Route } from "./route.ts";
import type { Routes } from "./routes.ts";

/** Rows of one claim: large enough for full batches, small enough to be short. */
const MAX_CLAIM = 1000;
/**
 * A claim takes this part at most of what the waiting lines have room for, counted for each line even where they share
 * workers. One that filled all slots would be followed by their finishing all together and that by the next claim, each
 * waiting for the other, where one could run beside the other. Few slots are not worth dividing.
 */
const CLAIMED_PART = 1 / 3;
const MIN_CLAIM = 100;

/** After a claim that failed. */
const CLAIM_AGAIN_MS = 500;

export interface DispatcherDeps {
  db: Database;
  replicaId: () => ReplicaId;
  catalog: Catalog;
  routes: Routes;
  heldTasks: HeldTasks;
  clock: Clock;
  /** Whether this replica may hand out now: its lease is valid. */
  mayHandOut: () => boolean;
  /** Somebody stands in this line, and no worker connected here can serve it. */
  onUnserved: (route: Route) => void;
  /** Handed out in the database, but its worker has gone: nobody has seen it. */
  onUndelivered: (tasks: AssignedTask[]) => void;
  /** The outcome of a write is not known. */
  onDoubt: () => void;
  onError: (error: unknown) => void;
  meter: Partial<Meter>;
  tracer: Tracer | undefined;
}

/**
 * Gives tasks to the workers connected here. Three ways lead to a worker: a new task is stored as already assigned when a
 * slot is free and nobody stands in its line; a task whose parents have ended likewise; and lines are served by claims,
 * many rows at a time. Whichever way, slots are taken first, the assignment is committed, and only then is it sent.
 */
export class Dispatcher {
  readonly #deps: DispatcherDeps;
  readonly #waiting = new Set<Route>();
  readonly #unknown = new Set<number>();
  #isClaiming = false;
  #claims = 0;
  #claimUnderWay: Promise<void> = Promise.resolve();
  #isStopped = false;
  /** Stores of new tasks that have begun, and those of them that are under way, by number. */
  #stores = 0;
  readonly #storesUnderWay = new Set<number>();

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
  }

  /** Takes slots for a task that is about to be stored, unless somebody stands in line before it. */
  reserve(route: Route): Session | undefined {
    if (!route.hasServers || route.hasWaiting || this.#isStopped || !this.#deps.mayHandOut()) return undefined;
    // A claim under way holds slots that it may not need: a preferred worker that seems full may have room in a moment.
    return this.#isClaiming ? route.reserveBest() : route.reserve();
  }

  /** New tasks are about to be written. @returns call when it is over, whatever came of it */
  storeBegins(): () => void {
    const store = ++this.#stores;
    this.#storesUnderWay.add(store);
    return () => this.#storesUnderWay.delete(store);
  }

  /** Somebody may have come to stand further ahead in this line than claims have come. To be told before the news. */
  rewind(routeId: number): void {
    this.#deps.routes.byId(routeId)?.position.rewind();
  }

  /** News that somebody may stand in line. */
  noteWaiting(route: Route): void {
    route.news++;
    route.hasWaiting = true;
    if (!route.hasServers) {
      this.#deps.onUnserved(route);
      return;
    }
    this.#waiting.add(route);
    this.claim();
  }

  /** The same by the route's id. One that is not known here is read: another replica made it, for wishes of a run. */
  noteWaitingOn(routeId: number): void {
    const route = this.#deps.routes.byId(routeId);
    if (route) {
      this.noteWaiting(route);
      return;
    }
    this.#unknown.add(routeId);
    if (this.#unknown.size === 1) setImmediate(() => void this.#learn());
  }

  /** Slots have come free or workers have come: serves the lines, one claim after the other. */
  claim(): void {
    if (this.#isClaiming || this.#isStopped || this.#waiting.size === 0) return;
    this.#isClaiming = true;
    setImmediate(() => void this.#claimAll());
  }

  /** Resolves when everything that was reserved for claims until now has been sent or given back. */
  claimed(): Promise<void> {
    return this.#claimUnderWay;
  }

  /** Sends tasks whose assignment is durable and whose slots are taken. Those without `queuedAtMs` did not have to wait. */
  send(tasks: readonly { task: AssignedTask; session: Session; route: Route; queuedAtMs?: number }[]): void {
    const { tracer, heldTasks } = this.#deps;
    const nowMs = this.#deps.clock.now();
    const bySession = new Map<Session, AssignedTask[]>();
    const undelivered: AssignedTask[] = [];
    for (const { task, session, route, queuedAtMs = nowMs } of tasks) {
      const held = heldTasks.hold(task, session, route, {
        deadlineMs: nowMs + task.executionTimeoutMs,
        sentAtMs: nowMs,
      });
      if (session.isClosed || session.streams.size === 0) {
        heldTasks.release(held);
        undelivered.push(task);
        continue;
      }
      tracer?.sent(task, { queuedAtMs, sentAtMs: nowMs });
      const list = bySession.get(session);
      if (list) list.push(task);
      else bySession.set(session, [task]);
    }
    for (const [session, list] of bySession) {
      session.currentStream()?.stream.assign(list);
      this.#deps.meter.sent?.(list);
    }
    if (undelivered.length > 0) this.#deps.onUndelivered(undelivered);
  }

  /** Hands out nothing any more. */
  stop(): void {
    this.#isStopped = true;
  }

  async #learn(): Promise<void> {
    const ids = [...this.#unknown];
    this.#unknown.clear();
    if (this.#isStopped) return;
    try {
      await this.#deps.routes.learn(ids);
    } catch (error) {
      this.#deps.onError(error);
    }
    for (const id of ids) {
      const route = this.#deps.routes.byId(id);
      if (route) this.noteWaiting(route);
    }
  }

  async #claimAll(): Promise<void> {
    try {
      while (!this.#isStopped && this.#deps.mayHandOut()) {
        const plan = this.#plan();
        if (plan.length === 0) return;
        const claim = this.#claimPlanned(plan);
        this.#claimUnderWay = claim.catch(() => {});
        await claim;
      }
    } catch (error) {
      this.#deps.onError(error);
      setTimeout(() => this.claim(), CLAIM_AGAIN_MS).unref();
    } finally {
      // In the same turn as the last look: whatever comes after it starts the next claim.
      this.#isClaiming = false;
    }
  }

  /**
   * Shares a claim among the tenants, one row each in turn, whatever lines a tenant has; and a tenant's free slots among its
   * lines in the same way. Lines that prefer some workers choose first.
   */
  #plan(): ClaimedLine[] {
    const plan: ClaimedLine[] = [];
    // Who comes to serve a line says so anew.
    for (const route of this.#waiting) if (!route.hasServers) this.#waiting.delete(route);
    const waiting = [...this.#waiting];
    const tenants = new Map<TenantId, ClaimedLine[]>();
    for (const route of [...waiting.filter((one) => one.isRanked), ...waiting.filter((one) => !one.isRanked)]) {
      const line = { route, sessions: [], fresh: [], news: route.news };
      const lines = tenants.get(route.tenantId);
      if (lines) lines.push(line);
      else tenants.set(route.tenantId, [line]);
    }
    const capacity = waiting.reduce((sum, route) => sum + route.capacity, 0);
    const most = Math.min(MAX_CLAIM, Math.max(MIN_CLAIM, Math.ceil(capacity * CLAIMED_PART)));
    let open = [...tenants.values()];
    for (let taken = 0; open.length > 0 && taken < most; ) {
      open = open.filter((lines) => {
        for (let line = lines.shift(); line; line = lines.shift()) {
          const session = line.route.reserve();
          if (!session) continue;
          if (line.sessions.push(session) === 1) plan.push(line);
          lines.push(line);
          taken++;
          return true;
        }
        return false;
      });
    }
    return plan;
  }

  async #claimPlanned(plan: readonly ClaimedLine[]): Promise<void> {
    const { db, replicaId, onDoubt, meter } = this.#deps;
    const begunAt = performance.now();
    const [oldestStore = Number.POSITIVE_INFINITY] = this.#storesUnderWay;
    // Of large inputs there are few to a claim: each line is the first of one in its turn.
    const first = this.#claims++ % plan.length;
    const claims = [...plan.slice(first), ...plan.slice(0, first)].map(({ route, sessions }) => ({
      routeId: route.id,
      tenantId: route.tenantId,
      workerIds: sessions.map((session) => (session as Session).workerId),
      fromAge: route.position.begin(begunAt, oldestStore),
    }));
    const lines = new Map(plan.map((line) => [line.route.id, line]));
    let hasReadThrough = false;
    try {
      const rows = await persist(() => claimTaskRuns(db, replicaId(), claims), onDoubt);
      hasReadThrough = !rows.some((row) => row.isLast);
      const tookMs = performance.now() - begunAt;
      meter.committed?.("claim", rows.length, tookMs);
      for (const { routeId, attempt, priority, age } of rows) {
        if (attempt === 1) lines.get(routeId)?.fresh.push({ rank: rankInLine(priority), age });
      }
      for (const { route, fresh } of plan) route.position.end(fresh, tookMs, this.#stores);
      const taken = rows.map((row) => takeReservation(row, lines.get(row.routeId) as ClaimedLine));
      const tasks = rows.length > 0 ? await this.#describe(rows, taken) : [];
      this.send(
        rows.map((row, index) => ({
          task: tasks[index] as AssignedTask,
          session: taken[index] as Session,
          route: this.#deps.routes.byId(row.routeId) as Route,
          queuedAtMs: row.queuedAtMs,
        })),
      );
    } finally {
      for (const line of plan) {
        const unused = line.sessions.filter((session) => session !== undefined);
        for (const session of unused) session.give(line.route);
        if (!unused[0]) continue;
        line.route.giveBackTurn(unused[0]);
        if (hasReadThrough && line.news === line.route.news) this.#cameShort(line.route);
      }
    }
  }

  /** A claim of this line found fewer than it asked for, and no news came meanwhile. */
  #cameShort(route: Route): void {
    if (!route.position.isAtFront) {
      route.position.rewind();
      return;
    }
    route.hasWaiting = false;
    this.#waiting.delete(route);
  }

  /** What is sent for claimed rows. When it cannot be read, the rows are given out and in nobody's books. */
  async #describe(rows: readonly ClaimedTaskRun[], taken: readonly Session[]): Promise<AssignedTask[]> {
    const { db, catalog, routes, onDoubt } = this.#deps;
    try {
      return await persist(() => describeAssignments(db, catalog, rows));
    } catch (error) {
      onDoubt();
      rows.forEach((row, index) => void taken[index]?.give(routes.byId(row.routeId) as Route));
      throw error;
    }
  }
}

/** A line with the workers that a claim has reserved slots of. */
interface ClaimedLine {
  readonly route: Route;
  /** A worker for each of the first in line; undefined when its row has come. */
  readonly sessions: (Session | undefined)[];
  /** Ranks and ages of the rows that have come and that nobody had been given before. */
  readonly fresh: { rank: number; age: number }[];
  readonly news: number;
}

function takeReservation({ place }: ClaimedTaskRun, { sessions }: ClaimedLine): Session {
  const session = sessions[place] as Session;
  sessions[place] = undefined;
  return session;
}
