import { ShortLivedSet, type TaskRunId, type TenantId, taskNumberOf, type WorkerId } from "@helve/core";
import {
  type Database,
  type Db,
  finishTaskRuns,
  getTaskRunStates,
  insertTaskEvents,
  lockOwner,
  markStarted,
  type ReplicaId,
  type Success,
  type TaskRunState,
} from "@helve/store";
import type { Report, ReportAnswer } from "../api.ts";
import { Batcher, CHARACTERS_OF_ONE } from "../batcher.ts";
import type { Clock } from "../clock.ts";
import type { HeldTasks } from "../dispatcher/held-tasks.ts";
import type { Meter, Observer } from "../observer.ts";
import { persist } from "../persist.ts";
import { AbandonedAttempts } from "../sessions/abandoned-attempts.ts";
import { attemptKey, type HeldTask, type Session } from "../sessions/session.ts";
import { type SettleDeps, type SettleResult, settle } from "./settle.ts";
import type { Settlement } from "./settlement.ts";

const MAX_BATCH = 1000;
/** A task that runs for longer is stored as started while it runs; a shorter one with its end. */
const STORE_STARTS_AFTER_MS = 250;

export interface ReportsDeps {
  db: Database;
  replicaId: () => ReplicaId;
  heldTasks: HeldTasks;
  clock: Clock;
  settling: SettleDeps;
  /** Standalone tasks have succeeded; `held` is there when the worker is connected here. */
  onFinished: (finished: { success: Success; attempt: number; held: HeldTask | undefined }[]) => void;
  onSettled: (result: SettleResult) => void;
  /** A worker has given a sign of life about a task. */
  onReceipt: (session: Session) => void;
  /** Held tasks whose end was reported in vain. */
  onStale: (held: HeldTask[]) => void;
  onDoubt: () => void;
  observer: Observer & Partial<Meter>;
}

interface Settled {
  answer: ReportAnswer;
  touched: TaskRunId[];
}

/** Takes what workers and the engine itself say about task runs. Every change of a run's state after its birth goes through here. */
export class Reports {
  readonly #deps: ReportsDeps;
  readonly #successes: Batcher<Success, ReportAnswer>;
  readonly #settlements: Batcher<Settlement, Settled>;
  readonly #abandoned = new AbandonedAttempts();
  readonly #starts = new ShortLivedSet<HeldTask>();
  #startsTimer: NodeJS.Timeout | undefined;

  constructor(deps: ReportsDeps) {
    this.#deps = deps;
    const batches = { maxWeight: MAX_BATCH, lanes: 2, ownerOf: ({ tenantId }: Success | Settlement) => tenantId };
    this.#successes = new Batcher<Success, ReportAnswer>({
      ...batches,
      write: (batch) => this.#finish(batch),
      weigh: ({ output }) => weightOf(output),
    });
    this.#settlements = new Batcher<Settlement, Settled>({
      ...batches,
      write: (batch) => this.#settle(batch),
      weigh: ({ cause }) => weightOf(cause.kind === "succeeded" ? cause.output : ""),
    });
  }

  /** @see Engine.report */
  report(tenantId: TenantId, reports: readonly Report[], by: WorkerId | undefined): Promise<ReportAnswer[]> {
    return Promise.all(reports.map((report) => this.#take(tenantId, report, by)));
  }

  /** A verdict of the engine itself, or a cancel. @returns the tasks that it changed */
  async settle(settlement: Settlement): Promise<TaskRunId[]> {
    return (await this.#settlements.add(settlement)).touched;
  }

  /** Remembers whose slots an abandoned attempt still takes. */
  noteAbandoned(held: HeldTask): void {
    this.#abandoned.note(held);
  }

  async idle(): Promise<void> {
    await this.#tryToStoreStarts(0);
    await Promise.all([this.#successes.idle(), this.#settlements.idle()]);
  }

  #take(tenantId: TenantId, report: Report, by: WorkerId | undefined): Promise<ReportAnswer> {
    const { taskId, attempt } = report;
    const found = this.#deps.heldTasks.find(taskId);
    const isCurrent = found?.task.tenantId === tenantId && (attempt === null || attempt === found.task.attempt);
    const held = isCurrent && found.session.workerId === (by ?? found.session.workerId) ? found : undefined;
    if (held) {
      this.#receive(held);
      if (report.outcome === "started") this.#storeStart(held);
      else {
        // It may come too late, of an attempt that was given up a moment ago and is still in the books.
        held.endReportedAtMs ??= this.#deps.clock.now();
        // The end brings the start along. What stays here longer than it must is copied at each collection of garbage.
        this.#starts.delete(held);
      }
    } else this.#codeGoesOn(tenantId, report, by);
    const startedAtMs = held && !held.isStartStored ? (held.startedAtMs ?? null) : null;
    if (report.outcome === "succeeded" && taskNumberOf(taskId) === 0) {
      return this.#successes.add({ id: taskId, tenantId, attempt, output: report.output, startedAtMs });
    }
    const settlement = { tenantId, id: taskId, attempt, startedAtMs };
    switch (report.outcome) {
      case "started":
        return held ? Promise.resolve("accepted") : persist(() => this.#strayStart(tenantId, taskId, attempt));
      case "ended":
        return Promise.resolve("accepted");
      case "succeeded":
        return this.#answer({ ...settlement, cause: { kind: "succeeded", output: report.output } });
      case "failed": {
        const { error, isRetryable } = report;
        return this.#answer({ ...settlement, cause: { kind: "failed", error, isRetryable } });
      }
      case "cancelled":
        return this.#answer({
          ...settlement,
          cause: { kind: "cancelled", message: "cancelled by the worker", byWorker: true },
        });
      case "returned":
        return this.#answer({
          ...settlement,
          cause: { kind: "returned", reason: "handed back by its worker, which is stopping" },
        });
    }
  }

  async #answer(settlement: Settlement): Promise<ReportAnswer> {
    return (await this.#settlements.add(settlement)).answer;
  }

  /** A sign that the worker has the task. */
  #receive(held: HeldTask): void {
    this.#deps.onReceipt(held.session);
    held.startedAtMs ??= this.#deps.clock.now();
  }

  #storeStart(held: HeldTask): void {
    if (held.isStartStored) return;
    this.#starts.add(held);
    this.#storeStartsSoon();
  }

  /** A word of its worker about an attempt that was given up: it lives, and when the code is over its slots are free. */
  #codeGoesOn(tenantId: TenantId, { taskId, attempt, outcome }: Report, by: WorkerId | undefined): void {
    if (attempt === null) return;
    const key = attemptKey(taskId, attempt);
    const session = this.#abandoned.find(key);
    if (session?.tenantId !== tenantId || session.workerId !== (by ?? session.workerId)) return;
    this.#deps.onReceipt(session);
    if (outcome === "started") return;
    this.#abandoned.delete(key);
    this.#deps.heldTasks.codeEnded(session, key);
  }

  #storeStartsSoon(): void {
    this.#startsTimer ??= setTimeout(() => {
      this.#startsTimer = undefined;
      void this.#tryToStoreStarts(STORE_STARTS_AFTER_MS);
    }, STORE_STARTS_AFTER_MS).unref();
  }

  /** A start that is not stored comes with the end of its task. */
  async #tryToStoreStarts(minimumMs: number): Promise<void> {
    await this.#storeStarts(minimumMs).catch((error) => this.#deps.observer.failed("storing starts", error));
  }

  async #storeStarts(minimumMs: number): Promise<void> {
    const nowMs = this.#deps.clock.now();
    const long: HeldTask[] = [];
    for (const held of this.#starts) {
      const isGone = this.#deps.heldTasks.find(held.task.id) !== held;
      if (!isGone && nowMs - (held.startedAtMs ?? nowMs) < minimumMs) continue;
      this.#starts.delete(held);
      if (!isGone) long.push(held);
    }
    if (this.#starts.size > 0) this.#storeStartsSoon();
    if (long.length === 0) return;
    const starts = long.map((held) => ({
      id: held.task.id,
      attempt: held.task.attempt,
      startedAtMs: held.startedAtMs as number,
    }));
    for (let first = 0; first < long.length; first += MAX_BATCH) {
      await markStarted(this.#deps.db, starts.slice(first, first + MAX_BATCH));
      for (const held of long.slice(first, first + MAX_BATCH)) held.isStartStored = true;
    }
  }

  /** A start that came to another replica than the one that keeps the task: that one looks into the row. */
  async #strayStart(tenantId: TenantId, id: TaskRunId, attempt: number | null): Promise<ReportAnswer> {
    const state = (await getTaskRunStates(this.#deps.db, [{ tenantId, id }])).get(id);
    if (!state || state.tenantId !== tenantId) return "unknown";
    if (state.status !== "assigned" || (attempt !== null && attempt !== state.attempt)) return "late";
    await markStarted(this.#deps.db, [{ id, attempt: state.attempt, startedAtMs: this.#deps.clock.now() }]);
    return "accepted";
  }

  async #finish(batch: Success[]): Promise<ReportAnswer[]> {
    const accepted = new Set<Success>();
    // One id may stand in a statement once. Of two reports about one task the first may be of an attempt that was given up.
    for (let rest = batch; rest.length > 0; ) {
      const first = new Map<TaskRunId, Success>();
      for (const success of rest) if (!first.has(success.id)) first.set(success.id, success);
      const ended = await this.#finishEach([...first.values()]);
      for (const success of first.values()) if (ended.has(success.id)) accepted.add(success);
      rest = rest.filter((success) => first.get(success.id) !== success && !ended.has(success.id));
    }
    if (accepted.size === batch.length) return batch.map(() => "accepted");
    return this.#answerRest(
      batch,
      (success) => accepted.has(success),
      (success) => ({ ...success, outcome: "succeeded" }),
    );
  }

  /** @returns the attempts that ended, by the tasks' ids */
  async #finishEach(successes: Success[]): Promise<Map<TaskRunId, number>> {
    const { db, replicaId, heldTasks } = this.#deps;
    const sorted = successes.sort((a, b) => (a.id < b.id ? -1 : 1));
    // A second try after a lost connection may find the rows ended by the first, and asks what became of them.
    const begunAt = performance.now();
    const ended = await persist(() => finishAsOwner(db, replicaId(), sorted), this.#deps.onDoubt);
    this.#deps.observer.committed?.("finish", ended.size, performance.now() - begunAt);
    const finished = sorted.flatMap((success) => {
      const attempt = ended.get(success.id);
      if (attempt === undefined) return [];
      const held = heldTasks.find(success.id);
      return [{ success, attempt, held: held?.task.attempt === attempt ? held : undefined }];
    });
    this.#deps.onFinished(finished);
    return ended;
  }

  async #settle(batch: Settlement[]): Promise<Settled[]> {
    const { db, replicaId, settling, observer } = this.#deps;
    const begunAt = performance.now();
    const result = await persist(() => settleOnce(db, replicaId(), settling, batch), this.#deps.onDoubt);
    observer.committed?.("settle", result.settled.length, performance.now() - begunAt);
    this.#deps.onSettled(result);
    const { touched } = result;
    const isApplied = new Map(batch.map((settlement, index) => [settlement, touched[index]?.length !== 0]));
    const answers = touched.every((tasks) => tasks.length > 0)
      ? batch.map((): ReportAnswer => "accepted")
      : await this.#answerRest(
          batch,
          (settlement) => isApplied.get(settlement) as boolean,
          (settlement) => ({ ...settlement, outcome: outcomeOf(settlement) }),
        );
    return answers.map((answer, index) => ({ answer, touched: touched[index] as TaskRunId[] }));
  }

  /** Reports that changed nothing: repeated, late, or about nothing that exists. Late ones are put on record. */
  async #answerRest<Item>(
    batch: Item[],
    isDone: (item: Item) => boolean,
    describe: (item: Item) => {
      tenantId: TenantId;
      id: TaskRunId;
      attempt: number | null;
      outcome: string | undefined;
    },
  ): Promise<ReportAnswer[]> {
    const rest = batch.filter((item) => !isDone(item)).map(describe);
    this.#lookAtBooks(rest);
    const states = await persist(() => getTaskRunStates(this.#deps.db, rest));
    const late: { report: ReturnType<typeof describe>; state: TaskRunState }[] = [];
    const answers = batch.map((item): ReportAnswer => {
      if (isDone(item)) return "accepted";
      const report = describe(item);
      const state = states.get(report.id);
      if (!state || state.tenantId !== report.tenantId) return "unknown";
      if (isRepetition(report, state)) return "accepted";
      if (report.outcome !== undefined) late.push({ report, state });
      return "late";
    });
    for (const { report } of late) {
      const { tenantId, id: taskId, attempt, outcome } = report;
      this.#deps.observer.lateReport({ tenantId, taskId, attempt, outcome: outcome as string });
    }
    await insertTaskEvents(
      this.#deps.db,
      late.map(({ report, state }) => ({
        tenantId: report.tenantId,
        taskId: report.id,
        attempt: report.attempt ?? state.attempt,
        kind: "late_report" as const,
        message: `a report of ${report.outcome} for attempt ${report.attempt ?? state.attempt} changed nothing: the task run is ${state.status} with attempt ${state.attempt}`,
        workerId: null,
      })),
    );
    return answers;
  }

  /** A report that changed nothing about a task which is in the books: its attempt was over, and nobody has said so. */
  #lookAtBooks(reports: readonly { id: TaskRunId }[]): void {
    const held = reports
      .flatMap(({ id }) => this.#deps.heldTasks.find(id) ?? [])
      .filter((one) => one.endReportedAtMs !== undefined);
    if (held.length > 0) this.#deps.onStale(held);
  }
}

/** One transaction of settlements. When its commit fails, the slots that it took are free again. */
async function settleOnce(
  db: Database,
  replicaId: ReplicaId,
  deps: SettleDeps,
  batch: Settlement[],
): Promise<SettleResult> {
  let assigned: SettleResult["assigned"] = [];
  try {
    return await db.transaction(async (tx) => {
      const result = await settle(tx, replicaId, deps, batch);
      assigned = result.assigned;
      return result;
    });
  } catch (error) {
    for (const { session, route } of assigned) session.give(route);
    throw error;
  }
}

/** Tells reports that came too late from those that changed nothing because another replica has taken over. */
async function finishAsOwner(db: Db, replicaId: ReplicaId, successes: Success[]): ReturnType<typeof finishTaskRuns> {
  const ended = await finishTaskRuns(db, replicaId, successes);
  if (ended.size === 0) await lockOwner(db, replicaId);
  return ended;
}

/** What a worker reported, or undefined when the settlement is the engine's own: that is not put on record as late. */
function outcomeOf({ cause }: Settlement): string | undefined {
  if (cause.kind === "succeeded" || cause.kind === "failed" || cause.kind === "returned") return cause.kind;
  return cause.kind === "cancelled" && cause.byWorker ? "cancelled" : undefined;
}

/** The same report was taken before: its answer was lost on the way, so the worker says it again. */
function isRepetition(report: { attempt: number | null; outcome: string | undefined }, state: TaskRunState): boolean {
  return state.status === report.outcome && (report.attempt === null || report.attempt === state.attempt);
}

function weightOf(output: string): number {
  return 1 + output.length / CHARACTERS_OF_ONE;
}
