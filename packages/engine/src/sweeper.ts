import type { WorkerId } from "@helve/core";
import {
  type Database,
  getTaskRunStates,
  listAssignedAttempts,
  listOrphanedWorkers,
  listOverdueTaskRuns,
  listWaitingRoutes,
  type PossibleOrphan,
  type TaskRunState,
} from "@helve/store";
import type { Catalog } from "./catalog/catalog.ts";
import type { Clock } from "./clock.ts";
import type { Verdicts } from "./commands/verdicts.ts";
import type { Dispatcher } from "./dispatcher/dispatcher.ts";
import type { HeldTasks } from "./dispatcher/held-tasks.ts";
import type { Routes } from "./dispatcher/routes.ts";
import type { ReplicaLease } from "./leases/replica-lease.ts";
import type { RunResults } from "./results/run-results.ts";
import { NO_VERDICTS_MS } from "./sessions/own-stalls.ts";
import { attemptKey, type HeldTask } from "./sessions/session.ts";
import type { Sessions } from "./sessions/sessions.ts";

const SWEEP_MS = 10_000;
/** After a write whose outcome is not known: when its rows have had time to appear in the books. */
const DOUBT_MS = 3000;
/** For so long: a Postgres or a link that stood still may carry out what everybody has given up on, when it goes on. */
const DOUBT_LASTS_MS = 15_000;
/**
 * So long a worker of the native protocol may take to come back when its replica has gone. Its client notices within 20 s that
 * an engine stands still, and dials every second; the lease of that engine has not run out before 6 s of them have passed.
 */
const NATIVE_RETURN_MS = 16_000;
/** However little there is to doubt, everything is looked at that often. */
const DOUBT_ANYWAY_MS = 60_000;

/** A fleet may hold a hundred thousand tasks: one statement for all of them would not be answered in time. */
const CHECKED_AT_ONCE = 1000;

export interface SweeperDeps {
  db: Database;
  clock: Clock;
  lease: ReplicaLease;
  routes: Routes;
  dispatcher: Dispatcher;
  heldTasks: HeldTasks;
  sessions: Sessions;
  results: RunResults;
  catalog: Catalog;
  verdicts: Verdicts;
  /** A held task that is no longer its worker's. */
  letGo: (held: HeldTask, cancelReason: string | undefined) => void;
  /** Reads which workflows are paused. */
  readPauses: () => Promise<void>;
  /** Says what is listened to here, and looks for ends that those who listen were not told of. */
  lookAtEvents: () => Promise<void>;
  /** Here was doubt: what was given out may be in the hands of another replica's workers. */
  tellDoubt: () => void;
  onError: (error: unknown) => void;
}

/**
 * Finds in Postgres what hints and memory have missed: people waiting in lines, runs that ended elsewhere, tasks that are
 * not held any more or are held unknowingly, tasks of workers whose replica has died. Slow when all is well, at once when
 * something may have been missed.
 */
export class Sweeper {
  readonly #deps: SweeperDeps;
  /** Workers with tasks that are gone, or whose replica is, and since when they are missed. */
  #orphans = new Map<WorkerId, number>();
  /** Assigned to workers connected here, and not in the books at the last look. */
  #strays = new Set<string>();
  /** Of them, those that this process had given up under its former id. */
  #judged = new Set<WorkerId>();
  #looksForOrphans = false;
  #inDoubtUntilMs = 0;
  #isDoubtToBeTold = false;
  #lookedAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(deps: SweeperDeps) {
    this.#deps = deps;
    deps.clock.onJump(() => this.sweepNow());
  }

  start(): void {
    this.#lookedAtMs = this.#deps.clock.steady();
    this.#schedule(SWEEP_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Something may have been missed. */
  sweepNow(): void {
    if (this.#timer) this.#schedule(0);
  }

  /** The outcome of a write is not known: what it gave out may be in nobody's books. */
  doubt(): void {
    this.#isDoubtToBeTold = true;
    this.suspect();
  }

  /** Something may be in nobody's books, by another replica's word. */
  suspect(): void {
    const isNew = !this.#isInDoubt();
    this.#inDoubtUntilMs = this.#deps.clock.steady() + DOUBT_LASTS_MS;
    if (isNew && this.#timer) this.#schedule(DOUBT_MS);
  }

  #isInDoubt(): boolean {
    return this.#deps.clock.steady() < this.#inDoubtUntilMs;
  }

  /**
   * A replica has gone: its workers should come back, and those who do not are missed.
   *
   * @param judged those who had been given up for lost before it went
   */
  watchOrphans(judged: Iterable<WorkerId> = []): void {
    for (const id of judged) this.#judged.add(id);
    this.#looksForOrphans = true;
  }

  /**
   * Looks what became of held tasks that may have left their workers' hands.
   *
   * @param reasonOf why the code of one that has should stop; undefined when it has ended
   */
  async check(
    held: readonly HeldTask[],
    reasonOf: (held: HeldTask, now: TaskRunState) => string | undefined,
  ): Promise<void> {
    try {
      for (let first = 0; first < held.length; first += CHECKED_AT_ONCE) {
        await this.#checkSome(held.slice(first, first + CHECKED_AT_ONCE), reasonOf);
      }
    } catch (error) {
      this.#deps.onError(error);
    }
  }

  async #checkSome(
    held: readonly HeldTask[],
    reasonOf: (held: HeldTask, now: TaskRunState) => string | undefined,
  ): Promise<void> {
    const { db, heldTasks, letGo } = this.#deps;
    const states = await getTaskRunStates(
      db,
      held.map(({ task }) => task),
    );
    for (const one of held) {
      const state = states.get(one.task.id);
      const isHeld = state?.status === "assigned" && state.attempt === one.task.attempt;
      if (isHeld || heldTasks.find(one.task.id) !== one) continue;
      letGo(one, state && reasonOf(one, state));
    }
  }

  #schedule(inMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#sweeping = this.#sweeping.then(() => this.#sweep());
    }, inMs);
  }

  async #sweep(): Promise<void> {
    if (this.#timer === undefined) return;
    this.#schedule(this.#isInDoubt() || this.#looksForOrphans ? DOUBT_MS : SWEEP_MS);
    try {
      if (!this.#deps.lease.isValid()) return;
      if (this.#isDoubtToBeTold) this.#deps.tellDoubt();
      this.#isDoubtToBeTold = false;
      // Nobody else changes labels while this replica is alone; what could not be read before is read now.
      await this.#deps.sessions.labelsChanged(this.#deps.lease.replicas > 1 ? undefined : []);
      await this.#serveLines();
      const doubts = this.#isInDoubt() || this.#deps.clock.steady() - this.#lookedAtMs >= DOUBT_ANYWAY_MS;
      if (doubts || this.#deps.lease.replicas > 1) await this.#lookElsewhere();
      if (doubts) await this.#findStrays();
      // What was given out without anybody's knowledge may have been given to a worker that has gone since.
      if (doubts || this.#looksForOrphans) await this.#findOrphans();
      await this.#resettleLost();
    } catch (error) {
      this.#deps.onError(error);
    }
  }

  async #serveLines(): Promise<void> {
    const { db, routes, dispatcher } = this.#deps;
    routes.forgetUnused();
    for (const id of await listWaitingRoutes(db)) dispatcher.noteWaitingOn(id);
    dispatcher.claim();
  }

  /** What other replicas did, or this one without knowing. */
  async #lookElsewhere(): Promise<void> {
    const { results, catalog, heldTasks, lease } = this.#deps;
    results.look();
    await this.#deps.readPauses();
    await this.#deps.lookAtEvents();
    if (lease.replicas > 1) catalog.forgetCurrent();
    await this.check([...heldTasks.all()], unseenEnd);
  }

  /**
   * Rows that are assigned to workers connected here and were never sent: twice seen, they are handed back. Those that
   * nobody keeps are ended by their execution timeout.
   */
  async #findStrays(): Promise<void> {
    const { db, clock, sessions, heldTasks, verdicts } = this.#deps;
    this.#lookedAtMs = clock.steady();
    verdicts.timeOut(await listOverdueTaskRuns(db));
    const workers = [...sessions.all()].map((session) => session.workerId);
    const rows = await listAssignedAttempts(db, workers);
    const strays = rows.filter((row) => heldTasks.find(row.id)?.task.attempt !== row.attempt);
    const key = (row: (typeof rows)[number]) => attemptKey(row.id, row.attempt);
    const proven = strays.filter((row) => this.#strays.has(key(row)));
    if (proven.length > 0) verdicts.handBack(proven, "it was never sent: the database did not confirm its hand-out");
    this.#strays = new Set(strays.map(key));
    // At full load something is always just on its way into the books: that alone does not prolong a doubt.
    if (proven.length > 0 || (strays.length > 0 && !this.#isInDoubt())) this.suspect();
  }

  /**
   * What workers hold that are gone. Of one that has gone from this replica, which has judged it: twice seen, it goes
   * elsewhere. One whose replica is gone may still come back with it, and is given the time that its client takes.
   */
  async #findOrphans(): Promise<void> {
    const { db, clock, sessions, verdicts, lease } = this.#deps;
    const nowMs = clock.steady();
    const orphans = (await listOrphanedWorkers(db, lease.id)).filter(({ id }) => !sessions.isHere(id));
    this.#orphans = new Map(orphans.map(({ id }) => [id, this.#orphans.get(id) ?? nowMs]));
    const isJudged = ({ id, wasHere }: PossibleOrphan) => wasHere || this.#judged.has(id);
    const isMissed = (orphan: PossibleOrphan) => {
      const forMs = nowMs - (this.#orphans.get(orphan.id) as number);
      if (isJudged(orphan)) return forMs >= DOUBT_MS;
      return forMs >= (orphan.isNative ? NATIVE_RETURN_MS : NO_VERDICTS_MS) && sessions.mayJudgeSilence();
    };
    const missed = orphans.filter(isMissed).map(({ id }) => id);
    const attempts = await listAssignedAttempts(db, missed);
    if (attempts.length > 0) verdicts.lost(attempts, "its worker is gone and did not come back");
    if (orphans.some(isJudged)) this.suspect();
    else this.#judged.clear();
    this.#looksForOrphans = orphans.length > 0;
  }

  /** Tasks of lost workers whose requeueing failed. */
  async #resettleLost(): Promise<void> {
    const { heldTasks, sessions } = this.#deps;
    const closed = [...heldTasks.all()].map((held) => held.session).filter((session) => session.isClosed);
    for (const session of new Set(closed)) await sessions.settleLost(session, "the worker is gone");
  }
}

/** Nobody said why a task is not its worker's any more. Unless its worker itself has ended it, the code may go on. */
function unseenEnd({ task, endReportedAtMs }: HeldTask, now: TaskRunState): string | undefined {
  if (endReportedAtMs !== undefined || (now.status === "succeeded" && now.attempt === task.attempt)) return undefined;
  return now.error ?? "this attempt was given up";
}
