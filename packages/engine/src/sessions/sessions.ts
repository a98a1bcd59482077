import { HelveError, newId, notFound, type TaskRunId, type TenantId, type WorkerId } from "@helve/core";
import {
  type Database,
  type OpenedWorker,
  type ReplicaId,
  setWorkerPaused,
  setWorkerQuarantine,
  undoOpenWorkerSession,
  upsertWorkerLabels,
  type WorkerRow,
} from "@helve/store";
import type { AssignedTask, Labels, OpenStream, StreamOptions, WorkerRegistration, WorkerStream } from "../api.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Clock } from "../clock.ts";
import type { Dispatcher } from "../dispatcher/dispatcher.ts";
import type { HeldTasks } from "../dispatcher/held-tasks.ts";
import type { Routes } from "../dispatcher/routes.ts";
import type { Observer } from "../observer.ts";
import { Connections } from "./connections.ts";
import { OpeningStreams } from "./opening-streams.ts";
import { OwnStalls } from "./own-stalls.ts";
import { ReturningWorkers } from "./returning-workers.ts";
import { FRESH_MS, Session, type SessionStream } from "./session.ts";
import { verdict } from "./verdict.ts";
import { WorkerLabels } from "./worker-labels.ts";
import { WorkerRows } from "./worker-rows.ts";

const TICK_MS = 100;
/** A heartbeat this soon after the end of a stream is still answered OK: the worker is about to listen anew. */
const STREAM_GRACE_MS = 1000;

export interface SessionsDeps {
  db: Database;
  replicaId: () => ReplicaId;
  catalog: Catalog;
  routes: Routes;
  dispatcher: Dispatcher;
  heldTasks: HeldTasks;
  clock: Clock;
  /** A worker is lost: its tasks go back to their lines. */
  onLost: (session: Session, held: AssignedTask[], reason: string) => void;
  /** Tasks that are assigned to a returning worker which does not have them. */
  onNotHeld: (rows: readonly { tenantId: TenantId; id: TaskRunId; attempt: number }[]) => void;
  /** A heartbeat came here, but the session lives on another replica. */
  onForeignBeat: (replicaId: ReplicaId, workerId: WorkerId) => void;
  /** Tasks may be in nobody's books. */
  onDoubt: () => void;
  observer: Observer;
  onError: (error: unknown) => void;
}

/** The workers connected to this replica: their streams, connections and heartbeats, and what their silence means. */
export class Sessions {
  readonly #deps: SessionsDeps;
  readonly #byWorker = new Map<WorkerId, Session>();
  readonly connections: Connections;
  readonly #beats = new Set<WorkerId>();
  readonly #opening = new OpeningStreams();
  readonly #stalls: OwnStalls;
  readonly #rows: WorkerRows;
  readonly #returning: ReturningWorkers;
  readonly #labels: WorkerLabels;
  /** Counts how often all sessions have ended together. */
  #life = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: SessionsDeps) {
    this.#deps = deps;
    this.connections = new Connections(deps.clock);
    this.#stalls = new OwnStalls(deps.clock);
    this.#rows = new WorkerRows(deps);
    this.#returning = new ReturningWorkers(deps);
    this.#labels = new WorkerLabels({ ...deps, find: (workerId) => this.find(workerId) });
  }

  start(): void {
    this.#stalls.start();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Ends every stream; what the workers hold stays theirs, they will come back with it. */
  stop(): void {
    clearInterval(this.#timer);
    this.#life++;
    for (const session of this.#byWorker.values()) {
      for (const { stream } of session.streams) stream.close("engine_stops");
      this.#drop(session);
    }
  }

  find(workerId: WorkerId): Session | undefined {
    return this.#byWorker.get(workerId);
  }

  /** Whether that worker has a session here, or is about to. */
  isHere(workerId: WorkerId): boolean {
    return this.#byWorker.has(workerId) || this.#opening.count(workerId) > 0;
  }

  all(): Iterable<Session> {
    return this.#byWorker.values();
  }

  /** Whether this replica may judge silence now; what is proven it may always judge. */
  mayJudgeSilence(): boolean {
    return this.#stalls.mayJudgeSilence();
  }

  /** Who gave a sign of life since the last call, to be stored. */
  takeBeats(): WorkerId[] {
    for (const session of this.#byWorker.values()) if (session.isItsOwnHeartbeat()) this.#beats.add(session.workerId);
    const beats = [...this.#beats];
    this.#beats.clear();
    return beats;
  }

  async register(tenantId: TenantId, { actions, ...worker }: WorkerRegistration): Promise<WorkerId> {
    const id = newId();
    await this.#rows.insert({ id, tenantId, actions: actions.map((action) => action.toLowerCase()), ...worker });
    return id;
  }

  async upsertLabels(tenantId: TenantId, workerId: WorkerId, labels: Labels): Promise<void> {
    if (!(await upsertWorkerLabels(this.#deps.db, tenantId, workerId, labels))) throw workerNotFound(workerId);
    await this.labelsChanged([workerId]);
  }

  /** Labels of these workers were changed, here or elsewhere; undefined: of any. */
  labelsChanged(workerIds: Iterable<WorkerId> = this.#byWorker.keys()): Promise<void> {
    return this.#labels.changed(workerIds);
  }

  async setPaused(tenantId: TenantId, workerId: WorkerId, isPaused: boolean): Promise<void> {
    if (!(await setWorkerPaused(this.#deps.db, tenantId, workerId, isPaused))) throw workerNotFound(workerId);
    this.applyPaused(workerId, isPaused);
  }

  /** A worker was paused or resumed, here or elsewhere. */
  applyPaused(workerId: WorkerId, isPaused: boolean): void {
    const session = this.#byWorker.get(workerId);
    if (!session) return;
    if (!isPaused) session.quarantineReason = undefined;
    if (session.isPaused !== isPaused) {
      session.isPaused = isPaused;
      for (const { stream } of session.streams) stream.setPaused?.(isPaused);
    }
    if (!isPaused) this.#serve(session);
  }

  openStream(
    tenantId: TenantId,
    workerId: WorkerId,
    stream: WorkerStream,
    options: StreamOptions,
  ): Promise<OpenStream> {
    return this.#opening.watch(workerId, this.#open(tenantId, workerId, stream, options));
  }

  /** Resolves when the streams that are being opened are open, or will not be: so that `stop` ends them all alike. */
  opened(): Promise<void> {
    return this.#opening.settled();
  }

  async #open(
    tenantId: TenantId,
    workerId: WorkerId,
    stream: WorkerStream,
    options: StreamOptions,
  ): Promise<OpenStream> {
    const { replicaId, clock } = this.#deps;
    const life = this.#life;
    if (options.admit) {
      const worker = await this.#rows.get(tenantId, workerId);
      if (!worker) throw notFound("not found");
      options.admit(worker.name);
    }
    const here = replicaId();
    const row = await this.#rows.open(tenantId, workerId);
    if (!row) throw notFound("not found");
    const isReturning = row.session > 1 && (row.replicaId !== here || !this.#byWorker.has(workerId));
    const inHand = isReturning ? await this.#returning.inHandOf(workerId) : [];
    if (life !== this.#life) throw new HelveError("unavailable", "this replica was taken over while the stream opened");
    if (stream.isOpen?.() === false) throw await this.#openedInVain(row);
    if (row.replicaId !== here) this.#endFormer(workerId);
    // Another stream of this worker may have come while the tables were read.
    const session = this.#byWorker.get(workerId) ?? this.#add(row);
    session.number = Math.max(session.number, row.session);
    this.#returning.adopt(session, inHand);
    const lost = options.holding ? this.#returning.compare(session, options.holding) : [];

    const { connection, isItsOwnHeartbeat, abandonedSlotMs } = options;
    const entry: SessionStream = { stream, connection, isItsOwnHeartbeat, abandonedSlotMs };
    session.streams.add(entry);
    session.streamlessSinceMs = undefined;
    session.quarantineReason = undefined;
    session.isLeaving = false;
    session.lastBeatMs = clock.steady();
    this.connections.used(connection, session);
    if (session.isPaused) stream.setPaused?.(true);
    this.#serve(session);
    return { lost, closed: (how) => this.#streamClosed(session, entry, how, row.session) };
  }

  /**
   * A stream that has closed while the database was slow: the worker may listen elsewhere by now, where it was taken from.
   * What the stream was opened with is too old to be judged by.
   */
  async #openedInVain(row: OpenedWorker): Promise<HelveError> {
    const { db, replicaId, onDoubt } = this.#deps;
    const session = this.#byWorker.get(row.id);
    const isOnlyOne = this.#opening.count(row.id) === 1 && session?.number !== row.session;
    if (session && row.replicaId === replicaId()) session.number = Math.max(session.number, row.session);
    else if (isOnlyOne) {
      await undoOpenWorkerSession(db, row);
      // Where it was taken from, what it held may have been let go, since it was here.
      onDoubt();
    }
    return new HelveError("unavailable", "the stream closed while it was opened");
  }

  async heartbeat(tenantId: TenantId, workerId: WorkerId): Promise<void> {
    const { clock, dispatcher } = this.#deps;
    // Clients send the first one right behind their Listen. Told that it has no stream, a worker would cut the one that it
    // is being given.
    await this.#opening.settled(workerId);
    const session = this.#byWorker.get(workerId);
    const nowMs = clock.steady();
    if (session?.tenantId === tenantId) {
      if (session.streams.size === 0 && nowMs - (session.streamlessSinceMs ?? nowMs) > STREAM_GRACE_MS) {
        throw streamNotActive(workerId);
      }
      const wasStale = nowMs - session.lastBeatMs >= FRESH_MS;
      session.lastBeatMs = nowMs;
      this.#beats.add(workerId);
      if (wasStale) dispatcher.claim();
      return;
    }
    const row = await this.#rows.get(tenantId, workerId);
    if (!row) throw workerNotFound(workerId);
    if (row.replicaId === null) return;
    if (!row.isListening || row.replicaId === this.#deps.replicaId()) throw streamNotActive(workerId);
    this.#deps.onForeignBeat(row.replicaId, workerId);
  }

  /** A heartbeat that came to another replica. */
  applyBeat(workerId: WorkerId): void {
    const session = this.#byWorker.get(workerId);
    if (session) session.lastBeatMs = this.#deps.clock.steady();
  }

  async unsubscribe(tenantId: TenantId, workerId: WorkerId): Promise<void> {
    const session = this.#byWorker.get(workerId);
    if (session?.tenantId === tenantId) {
      session.isLeaving = true;
      return;
    }
    if (!(await this.#rows.get(tenantId, workerId))) throw workerNotFound(workerId);
  }

  /** A worker takes tasks and does not say that it has them: it gets nothing more until it gives a sign. */
  quarantine(session: Session, reason: string): void {
    if (session.quarantineReason !== undefined) return;
    session.quarantineReason = reason;
    this.#deps.observer.workerQuarantined({ ...identity(session), reason });
    setWorkerQuarantine(this.#deps.db, session.workerId, reason).catch(this.#deps.onError);
  }

  /** A sign of life about a task. */
  received(session: Session): void {
    if (session.quarantineReason === undefined) return;
    session.quarantineReason = undefined;
    setWorkerQuarantine(this.#deps.db, session.workerId, null).catch(this.#deps.onError);
    this.#serve(session);
  }

  #add(row: WorkerRow): Session {
    const session = new Session(row, this.#deps.clock);
    this.#byWorker.set(row.id, session);
    this.#deps.routes.addSession(session);
    this.#deps.observer.workerConnected(identity(session));
    return session;
  }

  /** What is known of a worker from before it went to another replica is over. */
  #endFormer(workerId: WorkerId): void {
    const former = this.#byWorker.get(workerId);
    if (!former || former.streams.size > 0) return;
    for (const held of [...former.held.values()]) this.#deps.heldTasks.release(held);
    this.#drop(former);
  }

  /** Slots have come: looks into the lines that the worker can serve. */
  #serve(session: Session): void {
    for (const route of this.#deps.routes.servedBy(session)) this.#deps.dispatcher.noteWaiting(route);
  }

  #streamClosed(session: Session, entry: SessionStream, how: "goodbye" | "broken", number: number): void {
    if (!session.streams.delete(entry) || session.isClosed || session.streams.size > 0) return;
    session.streamlessSinceMs = this.#deps.clock.steady();
    if (how === "goodbye") session.isLeaving = true;
    this.#rows.close(session.workerId, number).catch(this.#deps.onError);
  }

  #tick(): void {
    const nowMs = this.#deps.clock.steady();
    this.#stalls.tick();
    for (const session of this.#byWorker.values()) {
      const judged = verdict(session, nowMs, this.mayJudgeSilence());
      if (judged.kind === "lost") this.lose(session, judged.reason);
      else if (judged.kind === "gone") this.#drop(session);
      else if (session.wasCongested && session.isAccepting()) {
        session.wasCongested = false;
        this.#serve(session);
      }
    }
  }

  /** Gives a worker up: its tasks go elsewhere, and it must listen anew. */
  lose(session: Session, reason: string): void {
    for (const { stream } of session.streams) stream.close("worker_lost");
    this.#drop(session);
    this.settleLost(session, reason).catch(this.#deps.onError);
  }

  /**
   * Gives the tasks of a lost worker back, unless it has connected to another replica: then they are kept there. What
   * fails here is found again by the sweeper.
   */
  async settleLost(session: Session, reason: string): Promise<void> {
    const { heldTasks, onLost } = this.#deps;
    const isGone = await this.#rows.close(session.workerId, session.number);
    const held = [...session.held.values()];
    if (isGone) {
      onLost(
        session,
        held.map(({ task }) => task),
        reason,
      );
    } else {
      for (const one of held) heldTasks.release(one);
    }
  }

  #drop(session: Session): void {
    session.isClosed = true;
    session.streams.clear();
    this.#byWorker.delete(session.workerId);
    for (const route of this.#deps.routes.removeSession(session)) this.#deps.dispatcher.noteWaiting(route);
    this.connections.forget(session);
  }
}

function workerNotFound(workerId: WorkerId): HelveError {
  return notFound(`worker not found: ${workerId}`);
}

function streamNotActive(workerId: WorkerId): HelveError {
  return new HelveError("failed_precondition", `Heartbeat rejected: worker stream is not active: ${workerId}`);
}

/** A session as observers name it. */
export function identity({ tenantId, workerId, name }: Session): {
  tenantId: TenantId;
  workerId: WorkerId;
  name: string;
} {
  return { tenantId, workerId, name };
}
