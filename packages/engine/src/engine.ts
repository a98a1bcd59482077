import {
  formatDuration,
  HelveError,
  notFound,
  runIdOf,
  type TaskRunId,
  type TenantId,
  type WorkerId,
} from "@helve/core";
import {
  type Database,
  databaseIdentity,
  deleteWorkflow,
  fenceOtherReplicas,
  getEndedRuns,
  pauseWorkflow,
  type ReplicaId,
  refreshTimeout,
  releaseSlot,
  resumeWorkflow,
} from "@helve/store";
import type { Engine, Report, StreamChunk } from "./api.ts";
import { Catalog } from "./catalog/catalog.ts";
import { Clock } from "./clock.ts";
import { replay } from "./commands/replay.ts";
import { Reports } from "./commands/report.ts";
import { runDetails } from "./commands/run-details.ts";
import { TaskLogs } from "./commands/task-logs.ts";
import { TriggerRuns } from "./commands/trigger-runs.ts";
import { Verdicts } from "./commands/verdicts.ts";
import { Consequences } from "./consequences.ts";
import { Dispatcher } from "./dispatcher/dispatcher.ts";
import { HeldTasks } from "./dispatcher/held-tasks.ts";
import { Routes } from "./dispatcher/routes.ts";
import { actOnHints } from "./hints/act-on-hints.ts";
import { type Hint, HintBus } from "./hints/hint-bus.ts";
import { natsHints } from "./hints/nats-hints.ts";
import { postgresHints } from "./hints/postgres-hints.ts";
import { ReplicaLease } from "./leases/replica-lease.ts";
import { Maintenance } from "./maintenance/maintenance.ts";
import type { Meter, Observer, Tracer } from "./observer.ts";
import { PausedWorkflows } from "./pauses/paused-workflows.ts";
import { persist } from "./persist.ts";
import { RunEvents } from "./results/run-events.ts";
import { RunResults, runStatus } from "./results/run-results.ts";
import { countSessions, runningLoads, usedSlots } from "./sessions/count-sessions.ts";
import { identity, Sessions } from "./sessions/sessions.ts";
import { workerNames } from "./sessions/worker-names.ts";
import { Storing } from "./storing.ts";
import { Sweeper } from "./sweeper.ts";
import { QueueTimers } from "./timers/queue-timers.ts";
import { UnservedWatch } from "./waits/unserved-watch.ts";
import { whyWaiting } from "./waits/why-waiting.ts";

export interface EngineOptions {
  /** For keyed access: see store/db.ts. */
  db: Database;
  /** A connection for renewing the lease, which must not wait for one while all others work. @default one of `db` */
  leaseDb?: Database;
  /** Connection string for the one connection that listens for hints; not through a pooler in transaction mode. */
  directUrl: string;
  /** Hints go over NATS instead of that connection. */
  natsUrl?: string | undefined;
  /** Shown in lists of replicas. */
  name: string;
  /** No other replica can live on this database (embedded Postgres): older ones are taken over at once. */
  isAlone: boolean;
  /** The last migration of this build. @default the database is not expected to be migrated beyond it */
  schema?: number;
  /** It was: nothing is handed out any more, and the process should end. Told once. @param reason a sentence */
  onOutdated?: (reason: string) => void;
  observer: Observer & Partial<Meter>;
  tracer?: Tracer | undefined;
  /** @default the clock of the database; tests drive one of their own */
  clock?: Clock;
}

const START_AGAIN_MS = 500;

/**
 * Puts the services of one replica together. Each has one duty; what one learns and others must act on passes through the
 * callbacks here and through {@link Consequences}.
 *
 *   commands (trigger, report, settle, replay) ──write──► Postgres, in batches
 *        │ after the commit                                ▲ claims
 *        ▼                                                 │
 *   dispatcher ◄── routes, sessions (slots, streams, liveness) ── timers, sweeper, lease, hints
 */
export function createEngine({
  db,
  leaseDb = db,
  directUrl,
  natsUrl,
  name,
  isAlone,
  schema = Number.POSITIVE_INFINITY,
  onOutdated = () => {},
  observer,
  tracer,
  clock = new Clock(),
}: EngineOptions): Engine {
  const routes = new Routes(db, clock);
  const catalog = new Catalog(db, routes);
  const events = new RunEvents({ publish: (hint) => publish(hint), steady: () => clock.steady() });
  const failed = (what: string) => (error: unknown) => observer.failed(what, error);
  const results = new RunResults(db, catalog, failed("looking up results"));
  const replicaId = () => lease.id;
  let state: "stopped" | "starting" | "running" | "stopping" = "stopped";
  let startingAnew: Promise<void> = Promise.resolve();
  /** Why this build cannot go on with the database, if it cannot. */
  let outdated: string | undefined;
  /** Why nothing may be handed out now. */
  const trouble = () => outdated ?? (lease.isValid() ? undefined : `the lease has run out: ${lease.trouble}`);

  const lease: ReplicaLease = new ReplicaLease({
    db: leaseDb,
    fencingDb: db,
    name,
    clock,
    takeBeats: () => sessions.takeBeats(),
    onTakeOver: (replicas) => takeOver(replicas),
    onGone: () => sweeper.watchOrphans(),
    onSchema: (enginesFrom) => {
      if (enginesFrom <= schema || outdated !== undefined) return;
      outdated = `a newer Helve has migrated the database meanwhile: it is for engines with the schema ${enginesFrom} or later, and this one has ${schema}`;
      onOutdated(outdated);
    },
    onLost: () => {
      startingAnew = startAnew();
    },
    onError: failed("renewing the lease"),
  });
  const publish = (hint: Hint) => {
    if (lease.replicas > 1) bus.publish(hint);
  };
  const transport = natsUrl
    ? natsHints({ url: natsUrl, cluster: () => databaseIdentity(db), onError: failed("connecting to NATS") })
    : postgresHints(directUrl);
  const bus = new HintBus(
    transport,
    name,
    (hint) => receive(hint),
    () => {
      // Somebody may have joined unheard; the next renewal of the lease says whether.
      lease.noteJoined();
      sweeper.sweepNow();
    },
  );

  const heldTasks: HeldTasks = new HeldTasks({
    clock,
    onTimeout: (held) => verdicts.timeOutHeld(held),
    onSilent: (held) => verdicts.silent(held),
    onSlotsFree: () => dispatcher.claim(),
  });
  const dispatcher: Dispatcher = new Dispatcher({
    db,
    replicaId,
    catalog,
    routes,
    heldTasks,
    clock,
    mayHandOut: () => trouble() === undefined,
    onUnserved: (route) => unservedWatch.note(route),
    onUndelivered: (tasks) => verdicts.handBack(tasks, "its worker left before it was sent"),
    onDoubt: () => sweeper.doubt(),
    onError: failed("claiming tasks"),
    meter: observer,
    tracer,
  });
  const sessions: Sessions = new Sessions({
    db,
    replicaId,
    catalog,
    routes,
    dispatcher,
    heldTasks,
    clock,
    onLost: (session, held, reason) => {
      observer.workerLost({ ...identity(session), reason, tasks: held.length });
      verdicts.lost(held, reason);
    },
    onNotHeld: (tasks) => verdicts.handBack(tasks, "it never reached its worker"),
    onForeignBeat: (owner, workerId) => publish({ kind: "beat", replicaId: owner, workerId }),
    onDoubt: () => sweeper.doubt(),
    observer,
    onError: failed("keeping sessions"),
  });
  const consequences: Consequences = new Consequences({
    clock,
    catalog,
    dispatcher,
    heldTasks,
    sessions,
    results,
    events,
    publish,
    noteAbandoned: (held) => reports.noteAbandoned(held),
    noteQueueDeadline: (inMs) => queueTimers.note(inMs),
    meter: observer,
    tracer,
  });
  const reports: Reports = new Reports({
    db,
    replicaId,
    heldTasks,
    clock,
    settling: { catalog, routes, reserve: (route) => dispatcher.reserve(route) },
    onFinished: (finished) => consequences.finished(finished),
    onSettled: (result) => consequences.settled(result),
    onReceipt: (session) => sessions.received(session),
    onStale: (held) => void sweeper.check(held, () => undefined),
    onDoubt: () => sweeper.doubt(),
    observer,
  });
  const verdicts: Verdicts = new Verdicts({
    clock,
    heldTasks,
    settle: (settlement) => reports.settle(settlement),
    mayJudgeSilence: () => sessions.mayJudgeSilence(),
    onError: (what, error) => observer.failed(what, error),
  });
  const triggers = new TriggerRuns({
    db,
    replicaId,
    catalog,
    routes,
    dispatcher,
    heldTasks,
    onQueued: (lines, tasks) => consequences.queued(lines, tasks),
    onQueueDeadline: (inMs) => queueTimers.note(inMs),
    onStarting: (runIds) => results.noteStarted(runIds),
    onDoubt: () => sweeper.doubt(),
    mayBeLate: () => !sessions.mayJudgeSilence(),
    meter: observer,
    clock,
    tracer,
  });
  const logs = new TaskLogs(db, heldTasks);
  const queueTimers: QueueTimers = new QueueTimers({
    db,
    replicaId,
    clock,
    onResumed: (routeIds) => consequences.resumed(routeIds),
    settle: (settlement) => reports.settle(settlement),
    onError: failed("looking for due deadlines"),
  });
  const pauses: PausedWorkflows = new PausedWorkflows({
    db,
    routes,
    dispatcher,
    settle: (settlement) => reports.settle(settlement),
    onError: failed("reading which workflows are paused"),
  });
  const sweeper: Sweeper = new Sweeper({
    db,
    clock,
    lease,
    routes,
    dispatcher,
    heldTasks,
    sessions,
    results,
    catalog,
    verdicts,
    letGo: (held, cancelReason) => consequences.letGo(held, cancelReason),
    readPauses: () => pauses.read(),
    lookAtEvents: () => {
      events.announce();
      return tellEnds(events.openRuns());
    },
    tellDoubt: () => publish({ kind: "doubt" }),
    onError: failed("sweeping"),
  });

  const views = { db, sessions, replicas: () => lease.replicas };
  const unservedWatch: UnservedWatch = new UnservedWatch({
    ...views,
    mayWrite: () => lease.isValid(),
    onError: failed("noting why tasks wait"),
  });

  const maintenance = new Maintenance(db, observer);
  const storing = new Storing();

  const receive = actOnHints({
    lease,
    dispatcher,
    sessions,
    heldTasks,
    sweeper,
    catalog,
    pauses,
    results,
    events,
    tellEnds: (runs) => tellEnds(events.openRuns(runs)),
    failed,
  });

  /** A workflow was paused or resumed, here first. What was reserved before goes out before this resolves. */
  async function pausesChanged(): Promise<void> {
    publish({ kind: "pauses" });
    await pauses.read();
    await dispatcher.claimed();
  }

  /** For those who listen to runs here, when nobody has told them of the end. */
  async function tellEnds(open: ReturnType<RunEvents["openRuns"]>): Promise<void> {
    for (const { tenantId, id: runId, status } of await getEndedRuns(db, open)) {
      const kind = { type: "run_ended", status: runStatus(status) } as const;
      events.deliver(tenantId, "{}", { runId, taskId: runId, atMs: clock.now(), retryCount: 0, kind });
    }
  }

  /** Who has this attempt. Whoever had an earlier one may still speak of the task, and is another process. */
  function holderOf({ taskId, attempt }: { taskId: TaskRunId; attempt: number | null }) {
    const held = heldTasks.find(taskId);
    return attempt !== null && held?.task.attempt === attempt ? held.session : undefined;
  }

  function takeOver(replicas: readonly ReplicaId[]): void {
    observer.replicasTakenOver(replicas);
    sweeper.watchOrphans();
    // It may have given something to a worker that had come here already.
    sweeper.doubt();
    sweeper.sweepNow();
  }

  /** Another replica has taken over from this one: it forgets what it had and takes a new id, when it can get one. */
  async function startAnew(): Promise<void> {
    observer.fenced(replicaId());
    // Whose tasks it could not give back, because it could not write.
    const lost = [...heldTasks.all()].flatMap(({ session }) => (session.isClosed ? [session.workerId] : []));
    sessions.stop();
    heldTasks.forgetAll();
    while (state === "running" && !lease.isValid()) {
      await lease.start().catch(async (error) => {
        failed("starting anew after being fenced")(error);
        await new Promise((resolve) => setTimeout(resolve, START_AGAIN_MS));
      });
    }
    if (state !== "running") return;
    // The others may have counted one less meanwhile, and tell nobody anything when they are alone.
    bus.publish({ kind: "joined" });
    sessions.start();
    sweeper.watchOrphans(lost);
    sweeper.sweepNow();
  }

  return {
    async start() {
      if (state === "running") return;
      state = "starting";
      await lease.start();
      const dead = isAlone ? await fenceOtherReplicas(db, lease.id) : [];
      await bus.start();
      bus.publish({ kind: "joined" });
      await pauses.read();
      pauses.start();
      sessions.start();
      queueTimers.start();
      sweeper.start();
      unservedWatch.start();
      maintenance.start();
      state = "running";
      if (dead.length > 0) takeOver(dead);
      else sweeper.watchOrphans();
    },

    async stop() {
      // Also what has not come up whole holds a lease and timers.
      if (state === "stopped" || state === "stopping") return;
      state = "stopping";
      await startingAnew;
      sweeper.stop();
      pauses.stop();
      await unservedWatch.stop();
      await maintenance.stop();
      dispatcher.stop();
      heldTasks.stop();
      await Promise.all([triggers.idle(), reports.idle(), logs.idle(), sessions.opened()]);
      sessions.stop();
      await queueTimers.stop();
      await reports.idle();
      await bus.stop();
      await lease.stop();
      state = "stopped";
    },

    readiness() {
      const reason = outdated ?? (state === "running" ? (trouble() ?? storing.trouble()) : `the engine is ${state}`);
      return reason === undefined ? { isReady: true } : { isReady: false, reason };
    },

    status: () => ({ lease: { isValid: lease.isValid(), replicas: lease.replicas }, ...countSessions(sessions.all()) }),

    running: (tenantId) => (lease.replicas > 1 ? undefined : runningLoads(sessions.all(), tenantId)),

    async putWorkflow(tenantId, definition) {
      const result = await persist(() => catalog.put(tenantId, definition));
      // A new version may bring actions that are paused as well.
      if (pauses.areAny) await pauses.read();
      publish({ kind: "workflow", tenantId, name: definition.name });
      return result;
    },

    async deleteWorkflow(tenantId, workflowId) {
      const name = await deleteWorkflow(db, tenantId, workflowId);
      if (name === undefined) throw notFound("not found");
      catalog.forgetCurrent(tenantId, name);
      publish({ kind: "workflow", tenantId, name });
      if (pauses.areAny) await pauses.read();
    },

    async pauseWorkflow(tenantId, workflowId, pause) {
      if (!(await pauseWorkflow(db, tenantId, workflowId, pause))) throw notFound("not found");
      await pausesChanged();
    },
    async resumeWorkflow(tenantId, workflowId) {
      if (!(await resumeWorkflow(db, tenantId, workflowId))) throw notFound("not found");
      await pausesChanged();
    },

    triggerRuns: (tenantId, requests) => storing.watch(triggers.trigger(tenantId, requests)),

    async cancel(tenantId, ids, reason) {
      const cause = { kind: "cancelled" as const, message: reason, byWorker: false };
      const settlements = ids.map((id) => ({ tenantId, id, attempt: null, cause, startedAtMs: null }));
      return (await Promise.all(settlements.map((settlement) => reports.settle(settlement)))).flat();
    },

    async replay(tenantId, ids) {
      const replayed = await persist(() => db.transaction((tx) => replay(tx, catalog, tenantId, ids)));
      if (replayed.queuedOn.size > 0) queueTimers.note(replayed.scheduleTimeoutMs);
      consequences.resumed(replayed.queuedOn);
      return replayed.tasks;
    },

    registerWorker: (tenantId, worker) => sessions.register(tenantId, worker),
    async upsertWorkerLabels(tenantId, workerId, labels) {
      await sessions.upsertLabels(tenantId, workerId, labels);
      if (!sessions.find(workerId)) publish({ kind: "labels", workerId });
    },
    async setWorkerPaused(tenantId, workerId, isPaused) {
      await sessions.setPaused(tenantId, workerId, isPaused);
      // Its slots may have been reserved before, for a claim that is under way.
      if (isPaused) await dispatcher.claimed();
      publish({ kind: "paused", workerId, isPaused });
    },
    usedSlots: (workerIds) => usedSlots(sessions.all(), workerIds),
    openStream(tenantId, workerId, stream, streamOptions) {
      if (state !== "running") throw new HelveError("unavailable", `the engine is ${state}`);
      // What is given out under a lease that has run out may be taken back at any moment.
      const reason = trouble();
      if (reason !== undefined) throw new HelveError("unavailable", reason);
      return sessions.openStream(tenantId, workerId, stream, streamOptions);
    },
    heartbeat: (tenantId, workerId) => sessions.heartbeat(tenantId, workerId),
    unsubscribe: (tenantId, workerId) => sessions.unsubscribe(tenantId, workerId),

    workerNames: (tenantId, meant) => workerNames({ db, sessions, heldTasks }, tenantId, meant),
    connectionUsed(connection, tenantId, worker) {
      const session = "workerId" in worker ? sessions.find(worker.workerId) : holderOf(worker);
      if (session?.tenantId === tenantId) sessions.connectionUsed(connection, session);
    },
    connectionClosed: (connection) => sessions.connectionClosed(connection),

    report(tenantId: TenantId, batch: readonly Report[], by?: WorkerId) {
      const answers = reports.report(tenantId, batch, by);
      // A start is mostly kept in memory.
      return batch.every(({ outcome }) => outcome === "started") ? answers : storing.watch(answers);
    },

    async refreshTimeout(tenantId, taskId, incrementMs) {
      const message = `Timeout refreshed by ${formatDuration(incrementMs)}`;
      const refreshed = await refreshTimeout(db, { tenantId, id: taskId, incrementMs, message });
      if (!refreshed) throw taskNotRunning(taskId);
      const held = heldTasks.find(taskId);
      if (held) heldTasks.setDeadline(held, refreshed.deadlineMs);
      return refreshed.deadlineMs;
    },

    async releaseSlot(tenantId, taskId, by) {
      if (!(await releaseSlot(db, tenantId, taskId, by))) throw taskNotRunning(taskId);
      if (!heldTasks.freeSlotsOf(taskId)) publish({ kind: "released", tasks: [taskId] });
    },

    putLogs: (tenantId, lines) => logs.put(tenantId, lines),

    async putStreamChunk(tenantId: TenantId, { taskId, content, index, createdAtMs }: StreamChunk) {
      const held = heldTasks.find(taskId)?.task;
      const task = held?.tenantId === tenantId ? held : await logs.requireTask(tenantId, taskId);
      const runId = runIdOf(taskId);
      if (!events.isHeard(runId)) return;
      events.publish(tenantId, task.metadata, {
        runId,
        taskId,
        atMs: createdAtMs ?? clock.now(),
        retryCount: task.attempt - 1,
        kind: { type: "stream", content, index },
      });
    },

    onRunEnded: (tenantId, runIds, callback) => results.wait(tenantId, runIds, callback),
    findUnknownRuns: (tenantId, runIds) => results.findUnknown(tenantId, runIds),
    getRun: (tenantId, runId) => runDetails(db, catalog, tenantId, runId),
    whyWaiting: (tenantId, taskIds) => whyWaiting({ ...views, catalog, routes }, tenantId, taskIds),
    onRunEvents: (tenantId, filter, callback) => events.listen(tenantId, filter, callback),
  };
}

function taskNotRunning(taskId: TaskRunId): HelveError {
  return notFound(`task run not found: ${taskId}`);
}
