import { runIdOf, type TaskRunId, type TenantId, taskNumberOf } from "@helve/core";
import type { Ending, Success } from "@helve/store";
import type { RunEvent, RunResult } from "./api.ts";
import type { Catalog, Version } from "./catalog/catalog.ts";
import type { Clock } from "./clock.ts";
import type { SettleResult } from "./commands/settle.ts";
import type { Settled } from "./commands/settlement.ts";
import type { Dispatcher } from "./dispatcher/dispatcher.ts";
import type { HeldTasks } from "./dispatcher/held-tasks.ts";
import type { Route } from "./dispatcher/route.ts";
import type { Hint } from "./hints/hint-bus.ts";
import type { Meter, Tracer } from "./observer.ts";
import type { RunEvents } from "./results/run-events.ts";
import { type RunResults, standaloneResult } from "./results/run-results.ts";
import type { HeldTask } from "./sessions/session.ts";
import type { Sessions } from "./sessions/sessions.ts";

export interface ConsequencesDeps {
  clock: Clock;
  catalog: Catalog;
  dispatcher: Dispatcher;
  heldTasks: HeldTasks;
  sessions: Sessions;
  results: RunResults;
  events: RunEvents;
  publish: (hint: Hint) => void;
  noteAbandoned: (held: HeldTask) => void;
  noteQueueDeadline: (inMs: number) => void;
  meter: Partial<Meter>;
  tracer: Tracer | undefined;
}

/**
 * What follows when a write is durable: slots come free, lines are served, workers are told to stop, and those who wait for
 * a run or listen to it hear of it; other replicas are given a hint. Nothing here decides, and losing all of it would cost
 * time only: the sweeper finds in Postgres whatever was missed.
 */
export class Consequences {
  readonly #deps: ConsequencesDeps;

  constructor(deps: ConsequencesDeps) {
    this.#deps = deps;
  }

  /** Tasks stand in these lines, or were born assigned. */
  queued(
    lines: ReadonlySet<Route>,
    tasks: readonly { tenantId: TenantId; taskId: TaskRunId; metadata: string }[],
  ): void {
    this.#stand(new Set([...lines].map((route) => route.id)));
    for (const { tenantId, taskId, metadata } of tasks) {
      this.#tell(tenantId, taskId, metadata, 1, { type: "task_queued" });
    }
  }

  /** Somebody stands in these lines who may be older than all new tasks; not all of them need be known here. */
  resumed(routeIds: ReadonlySet<number>): void {
    for (const id of routeIds) this.#deps.dispatcher.rewind(id);
    this.#stand(routeIds);
  }

  #stand(routeIds: ReadonlySet<number>): void {
    for (const id of routeIds) this.#deps.dispatcher.noteWaitingOn(id);
    if (routeIds.size > 0) this.#deps.publish({ kind: "queued", routes: [...routeIds] });
  }

  /** Standalone tasks have succeeded. */
  finished(finished: readonly { success: Success; attempt: number; held: HeldTask | undefined }[]): void {
    const { heldTasks, results, catalog, events, publish, meter } = this.#deps;
    const elsewhere: TaskRunId[] = [];
    for (const { success, attempt, held } of finished) {
      const { id, tenantId, output } = success;
      if (held) {
        heldTasks.release(held);
        this.#trace(held, "succeeded");
      }
      if (mayBeElsewhere(held)) elsewhere.push(id);
      results.noteEnded(id);
      if (results.isAwaited(id)) {
        const version = held && catalog.loaded(held.task.versionId);
        if (version) results.publish(standaloneResult(version, { id, status: "succeeded", output, error: null }));
        else results.look([id]);
      }
      if (!events.isHeard(id)) continue;
      const metadata = held?.task.metadata ?? "{}";
      this.#tell(tenantId, id, metadata, attempt, { type: "task_completed", output });
      this.#tell(tenantId, id, metadata, attempt, { type: "run_ended", status: "succeeded" });
    }
    if (elsewhere.length > 0) publish({ kind: "taken", tasks: elsewhere, reason: undefined });
    const ids = finished.map(({ success }) => success.id);
    meter.ended?.("succeeded", ids);
    publish({ kind: "ended", runs: ids });
  }

  /** A transaction of settlements. */
  settled({ settled, assigned, queuedOn, queueDeadlineInMs, endedRuns }: SettleResult): void {
    const { dispatcher, publish, noteQueueDeadline } = this.#deps;
    for (const one of settled) this.#settledOne(one);
    this.#measure(settled);
    dispatcher.send(assigned);
    this.resumed(queuedOn);
    if (queueDeadlineInMs < Number.POSITIVE_INFINITY) noteQueueDeadline(queueDeadlineInMs);
    for (const { run, status } of endedRuns) this.#runEnded(run.tenantId, run.id, run.metadata, status);
    const ended = settled.filter((one) => one.ending && taskNumberOf(one.row.id) === 0).map((one) => one.row.id);
    publish({ kind: "ended", runs: [...ended, ...endedRuns.map(({ run }) => run.id)] });
  }

  /** A task has left its worker's hands without the worker's doing; with a reason its code is asked to stop. */
  letGo(held: HeldTask, cancelReason: string | undefined): void {
    const { heldTasks, noteAbandoned } = this.#deps;
    if (cancelReason === undefined) {
      heldTasks.release(held);
      return;
    }
    for (const { stream } of held.session.streams) stream.cancel(held.task, cancelReason);
    heldTasks.abandon(held);
    noteAbandoned(held);
  }

  #measure(settled: readonly Settled[]): void {
    const { meter } = this.#deps;
    const ended = new Map<Ending["status"], TaskRunId[]>();
    for (const { row, cause, ending, requeue } of settled) {
      if (requeue) meter.requeued?.(cause.kind, 1);
      else ended.get(ending.status)?.push(row.id) ?? ended.set(ending.status, [row.id]);
    }
    for (const [status, tasks] of ended) meter.ended?.(status, tasks);
  }

  #trace({ task, sentAtMs, startedAtMs, endReportedAtMs: reportedAtMs }: HeldTask, outcome: string): void {
    const { tracer, clock } = this.#deps;
    tracer?.attemptEnded({ task, sentAtMs, startedAtMs, reportedAtMs, outcome, endedAtMs: clock.now() });
  }

  #settledOne(one: Settled): void {
    const { heldTasks, publish } = this.#deps;
    const { row, ending } = one;
    const held = heldTasks.find(row.id);
    const reason = stopReason(one);
    const isHere = held?.task.attempt === row.attempt;
    if (row.workerId !== null && (!isHere || mayBeElsewhere(held))) publish({ kind: "taken", tasks: [row.id], reason });
    if (isHere) {
      this.#takeFrom(held, one, reason);
      this.#trace(held, one.cause.kind);
    }
    this.#tellSettled(one, held?.task.metadata ?? row.metadata ?? "{}");
    if (ending && taskNumberOf(row.id) === 0) {
      const metadata = held?.task.metadata ?? row.metadata ?? "{}";
      this.#runEnded(row.tenantId, row.id, metadata, ending.status as RunResult["status"], one);
    }
  }

  #takeFrom(held: HeldTask, { cause }: Settled, reason: string | undefined): void {
    const { heldTasks, sessions, noteAbandoned } = this.#deps;
    if (cause.kind === "silent") {
      // A sign may have come while the verdict was written, and there need not be another.
      if (!held.isAdopted && held.startedAtMs === undefined) sessions.quarantine(held.session, cause.reason);
      heldTasks.abandon(held);
      noteAbandoned(held);
    } else if (cause.kind === "cancelled" && cause.byWorker) {
      for (const { stream } of held.session.streams) stream.cancel(held.task, cause.message);
      heldTasks.release(held);
    } else {
      this.letGo(held, reason);
    }
  }

  #runEnded(
    tenantId: TenantId,
    runId: TaskRunId,
    metadata: string,
    status: RunResult["status"],
    standalone?: Settled,
  ): void {
    const { results, catalog } = this.#deps;
    results.noteEnded(runId);
    if (results.isAwaited(runId)) {
      const version = standalone && (catalog.loaded(standalone.row.versionId) as Version);
      if (version && standalone.ending) results.publish(standaloneResult(version, standalone.ending));
      else results.look([runId]);
    }
    this.#tell(tenantId, runId, metadata, standalone?.row.attempt ?? 1, { type: "run_ended", status });
  }

  #tellSettled({ row, cause, ending }: Settled, metadata: string): void {
    const tell = (kind: RunEvent["kind"]) => this.#tell(row.tenantId, row.id, metadata, row.attempt, kind);
    if (cause.kind === "failed" || cause.kind === "timed_out") tell({ type: "task_failed", error: cause.error });
    else if (ending?.status === "succeeded") tell({ type: "task_completed", output: ending.output ?? "" });
    else if (ending?.status === "cancelled") tell({ type: "task_cancelled" });
    else if (ending?.status === "failed") tell({ type: "task_failed", error: ending.error ?? "" });
  }

  #tell(tenantId: TenantId, taskId: TaskRunId, metadata: string, attempt: number, kind: RunEvent["kind"]): void {
    const { events, clock } = this.#deps;
    const runId = runIdOf(taskId);
    if (!events.isHeard(runId)) return;
    events.publish(tenantId, metadata, {
      runId,
      taskId,
      atMs: clock.now(),
      retryCount: Math.max(0, attempt - 1),
      kind,
    });
  }
}

/** A worker that listens here no longer may be at another replica, which has adopted its tasks. */
function mayBeElsewhere(held: HeldTask | undefined): boolean {
  return held === undefined || held.session.streams.size === 0;
}

/** Why the code of an attempt should stop, when it may still run. */
function stopReason({ cause }: Settled): string | undefined {
  if (cause.kind === "timed_out") return cause.error;
  return cause.kind === "cancelled" && !cause.byWorker ? cause.message : undefined;
}
