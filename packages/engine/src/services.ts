import { type Database, databaseIdentity, getEndedRuns } from "@helve/store";
import { Catalog } from "./catalog/catalog.ts";
import { Clock } from "./clock.ts";
import { Reports } from "./commands/report.ts";
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
import { LifeCycle } from "./life-cycle.ts";
import { Maintenance } from "./maintenance/maintenance.ts";
import type { Meter, Observer, Tracer } from "./observer.ts";
import { PausedWorkflows } from "./pauses/paused-workflows.ts";
import { RunEvents } from "./results/run-events.ts";
import { RunResults, runStatus } from "./results/run-results.ts";
import { identity, Sessions } from "./sessions/sessions.ts";
import { Sweeper } from "./sweeper.ts";
import { QueueTimers } from "./timers/queue-timers.ts";
import { UnservedWatch } from "./waits/unserved-watch.ts";

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

/** The services that calls from outside are passed on to. */
export interface Services {
  db: Database;
  clock: Clock;
  lifeCycle: LifeCycle;
  lease: ReplicaLease;
  routes: Routes;
  catalog: Catalog;
  pauses: PausedWorkflows;
  heldTasks: HeldTasks;
  dispatcher: Dispatcher;
  sessions: Sessions;
  triggers: TriggerRuns;
  reports: Reports;
  logs: TaskLogs;
  consequences: Consequences;
  queueTimers: QueueTimers;
  results: RunResults;
  events: RunEvents;
  /** Tells the other replicas, if there are any. */
  publish(hint: Hint): void;
}

/**
 * Puts the services of one replica together. Each has one duty; what one learns and others must act on passes through the
 * callbacks here and through {@link Consequences}.
 *
 *   commands (trigger, report, settle, replay) ──write──► Postgres, in batches
 *        │ after the commit                                ▲ claims
 *        ▼                                                 │
 *   dispatcher ◄── routes, sessions (slots, streams, liveness) ── timers, sweeper, lease, hints
 */
export function createServices({
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
}: EngineOptions): Services {
  const routes = new Routes(db, clock);
  const catalog = new Catalog(db, routes);
  const events = new RunEvents({ publish: (hint) => publish(hint), steady: () => clock.steady() });
  const failed = (what: string) => (error: unknown) => observer.failed(what, error);
  const results = new RunResults(db, catalog, failed("looking up results"));
  const replicaId = () => lease.id;

  const lease: ReplicaLease = new ReplicaLease({
    db: leaseDb,
    fencingDb: db,
    name,
    clock,
    takeBeats: () => sessions.takeBeats(),
    onTakeOver: (replicas) => lifeCycle.takeOver(replicas),
    onGone: () => sweeper.watchOrphans(),
    onSchema: (enginesFrom) => lifeCycle.checkSchema(enginesFrom),
    onLost: () => lifeCycle.startAnew(),
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
    mayHandOut: () => lifeCycle.handOutTrouble() === undefined,
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

  const unservedWatch: UnservedWatch = new UnservedWatch({
    db,
    sessions,
    replicas: () => lease.replicas,
    mayWrite: () => lease.isValid(),
    onError: failed("noting why tasks wait"),
  });

  const lifeCycle: LifeCycle = new LifeCycle({
    db,
    lease,
    bus,
    sessions,
    heldTasks,
    dispatcher,
    triggers,
    reports,
    logs,
    queueTimers,
    pauses,
    sweeper,
    unservedWatch,
    maintenance: new Maintenance(db, observer),
    isAlone,
    schema,
    onOutdated,
    observer,
  });

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

  /** For those who listen to runs here, when nobody has told them of the end. */
  async function tellEnds(open: ReturnType<RunEvents["openRuns"]>): Promise<void> {
    for (const { tenantId, id: runId, status } of await getEndedRuns(db, open)) {
      const kind = { type: "run_ended", status: runStatus(status) } as const;
      events.deliver(tenantId, "{}", { runId, taskId: runId, atMs: clock.now(), retryCount: 0, kind });
    }
  }

  return {
    db,
    clock,
    lifeCycle,
    lease,
    routes,
    catalog,
    pauses,
    heldTasks,
    dispatcher,
    sessions,
    triggers,
    reports,
    logs,
    consequences,
    queueTimers,
    results,
    events,
    publish,
  };
}
