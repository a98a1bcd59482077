import { advanceRun, type RunAdvance, type RunId, runIdOf, type TaskRunId, taskIdOf, taskNumberOf } from "@helve/core";
import {
  type Db,
  endTaskRuns,
  insertTaskEvents,
  keepTimesOfAttempt,
  type LockedTaskRun,
  lockOwner,
  lockWorkflowRuns,
  MAX_CLAIM_BYTES,
  type NewTaskEvent,
  type Readying,
  type ReplicaId,
  type Requeue,
  type RunProgress,
  readyTaskRuns,
  recordProgress,
  requeueTaskRuns,
  type UnfinishedWorkflowRun,
} from "@helve/store";
import type { AssignedTask } from "../api.ts";
import { type Catalog, stepOf, type Version } from "../catalog/catalog.ts";
import { describeDagTasks, type Row } from "../dispatcher/assignment.ts";
import type { Route } from "../dispatcher/route.ts";
import type { Routes } from "../dispatcher/routes.ts";
import { untilFull, withinBytes } from "../dispatcher/until-full.ts";
import type { Session } from "../sessions/session.ts";
import { concerns, decide, type Settled, type Settlement, taskEnd } from "./settlement.ts";
import { eventsOf } from "./settlement-events.ts";
import { lockConcerned, runsOf, type Target } from "./settlement-targets.ts";
import { type EndOnWorker, loadStickyRoutes, stickyRoute } from "./sticky-routes.ts";

/** Everything that one transaction did; the engine acts on it after the commit. */
export interface SettleResult {
  /** For each settlement the tasks that it changed; none when it was late, not due, or about nothing. */
  touched: TaskRunId[][];
  settled: Settled[];
  /** Tasks that were given to workers in the same transaction, with their reservations. */
  assigned: { task: AssignedTask; session: Session; route: Route }[];
  /** Routes in whose lines somebody stands now; not all of them need be known here. */
  queuedOn: Set<number>;
  /** When the first deadline of what waits now passes, from now; infinite when nothing does. */
  queueDeadlineInMs: number;
  endedRuns: { run: UnfinishedWorkflowRun; status: "succeeded" | "failed" | "cancelled" }[];
}

export interface DecideDeps {
  catalog: Pick<Catalog, "loaded">;
  routes: Pick<Routes, "byId" | "findPlaced">;
  /** Takes slots for a task that becomes ready and is so large when it is sent; undefined when it must stand in line. */
  reserve(route: Route, bytes: number): Session | undefined;
}

export interface SettleDeps extends DecideDeps {
  reserve(route: Route): Session | undefined;
  catalog: Catalog;
  routes: Routes;
}

/** What is decided and not written yet. */
export interface Decisions {
  result: SettleResult;
  events: NewTaskEvent[];
  progress: RunProgress[];
  readyings: Readying[];
  /** Tasks that become ready and find a worker. */
  handOuts: { row: Row; session: Session; route: Route }[];
}

type Runs = ReadonlyMap<RunId, UnfinishedWorkflowRun>;

/**
 * Applies settlements in one transaction: locks the runs and then the tasks concerned, decides by core's rules, and writes
 * each kind of change once for all. The only place where a task run ends, returns to its line or becomes ready, save for
 * the one statement that ends standalone tasks that succeeded.
 *
 * Three trips to the database, whatever the number of settlements: the runs, the tasks, everything that is written.
 */
export async function settle(
  tx: Db,
  replicaId: ReplicaId,
  deps: SettleDeps,
  settlements: readonly Settlement[],
): Promise<SettleResult> {
  const [, locked] = await Promise.all([lockOwner(tx, replicaId), lockWorkflowRuns(tx, runsOf(settlements))]);
  const runs = new Map(locked.map((run) => [run.id, run]));
  const { targets, rows } = await lockConcerned(tx, deps.catalog, settlements, runs);
  await loadStickyRoutes(deps.routes, deps.catalog, targets, rows);
  const reserve = withinBytes(untilFull(deps.reserve), MAX_CLAIM_BYTES);
  const decisions = decideAll({ ...deps, reserve }, settlements, targets, rows, runs);
  // A claim passes over what is locked and then takes the line to be empty.
  for (const row of rows.values())
    if (row.status === "queued") stand(decisions.result, row.routeId, row.scheduleTimeoutMs);
  try {
    await write(tx, deps.catalog, decisions, runs);
  } catch (error) {
    for (const { session, route } of decisions.handOuts) session.give(route);
    throw error;
  }
  return decisions.result;
}

/** What settlements do to the tasks that were locked for them. Pure but for the slots that it reserves. */
export function decideAll(
  deps: DecideDeps,
  settlements: readonly Settlement[],
  targets: readonly Target[],
  rows: Map<TaskRunId, LockedTaskRun>,
  runs: Runs,
): Decisions {
  const { catalog } = deps;
  const decisions: Decisions = {
    result: {
      touched: settlements.map(() => []),
      settled: [],
      assigned: [],
      queuedOn: new Set(),
      queueDeadlineInMs: Number.POSITIVE_INFINITY,
      endedRuns: [],
    },
    events: [],
    progress: [],
    readyings: [],
    handOuts: [],
  };
  const endsByRun = new Map<RunId, EndOnWorker[]>();
  const hasFailed = (runId: RunId) => endsByRun.get(runId)?.some((end) => end.callsOnFailure) ?? false;
  for (const { settlement, index } of targets) {
    const row = rows.get(settlement.id);
    if (!row || row.tenantId !== settlement.tenantId || !concerns(settlement, row)) continue;
    const step = stepOf(catalog.loaded(row.versionId) as Version, taskNumberOf(row.id));
    // An on-failure task that was not called is skipped when the others have ended, never cancelled; a settlement before
    // this one may have called it.
    if (row.status === "waiting" && step.isOnFailure && !hasFailed(runIdOf(row.id))) continue;
    const settled = decide(step.task, row, settlement);
    decisions.result.touched[index]?.push(row.id);
    note(decisions, settled);
    // A second settlement of the same task in this batch finds it as this one has left it.
    if (settled.requeue) rows.set(row.id, requeuedRow(row, settled.requeue));
    else rows.delete(row.id);
    if (settled.ending && step.number > 0) {
      const ends = endsByRun.get(runIdOf(row.id)) ?? [];
      const bytes = row.parentsBytes + (settled.ending.output?.length ?? 0);
      endsByRun.set(runIdOf(row.id), [...ends, { ...taskEnd(settled), workerId: row.workerId, bytes }]);
    }
  }
  const waiting = waitingByRun(rows);
  for (const [runId, ends] of endsByRun) {
    const run = runs.get(runId) as UnfinishedWorkflowRun;
    advance(deps, run, waiting.get(runId) ?? new Map(), ends, rows, decisions);
  }
  return decisions;
}

function requeuedRow(row: LockedTaskRun, { status, failures, requeues }: Requeue): LockedTaskRun {
  return { ...row, status, failures, requeues, workerId: null, isDue: false, isStarted: false };
}

function waitingByRun(rows: ReadonlyMap<TaskRunId, LockedTaskRun>): Map<RunId, Map<number, number>> {
  const byRun = new Map<RunId, Map<number, number>>();
  for (const { id, status, pendingParents } of rows.values()) {
    if (status !== "waiting") continue;
    const runId = runIdOf(id);
    const waiting = byRun.get(runId) ?? new Map<number, number>();
    byRun.set(runId, waiting.set(taskNumberOf(id), pendingParents));
  }
  return byRun;
}

/** Moves a run on by the ends of its tasks. */
function advance(
  deps: DecideDeps,
  run: UnfinishedWorkflowRun,
  waiting: ReadonlyMap<number, number>,
  ends: readonly EndOnWorker[],
  rows: Map<TaskRunId, LockedTaskRun>,
  decisions: Decisions,
): void {
  const version = deps.catalog.loaded(run.versionId) as Version;
  const advanced = advanceRun(version.definition, version.children, run, waiting, ends);
  decisions.progress.push({ id: run.id, ...advanced.run, status: advanced.status });
  if (advanced.status) decisions.result.endedRuns.push({ run, status: advanced.status });
  endWaiting(run.id, advanced, rows, decisions);
  const endedBytes = bytesByChild(version, ends);
  const stateOf = (row: LockedTaskRun, number: number) => {
    const route = stickyRoute(deps.routes, version, number, ends) ?? deps.routes.byId(row.routeId);
    const parentsBytes = row.parentsBytes + (endedBytes.get(number) ?? 0);
    return { route, state: { id: row.id, routeId: route?.id ?? row.routeId, parentsBytes } };
  };
  for (const [number, pendingParents] of advanced.nearer) {
    const { state } = stateOf(rows.get(taskIdOf(run.id, number)) as LockedTaskRun, number);
    decisions.readyings.push({ ...state, pendingParents, status: "waiting", workerId: null });
  }
  for (const number of advanced.ready) {
    const row = rows.get(taskIdOf(run.id, number)) as LockedTaskRun;
    const { route, state } = stateOf(row, number);
    const session = route && deps.reserve(route, run.input.length + run.metadata.length + state.parentsBytes);
    const status = session ? "assigned" : "queued";
    decisions.readyings.push({ ...state, pendingParents: 0, status, workerId: session?.workerId ?? null });
    if (session) {
      const handedOut = { ...row, attempt: row.attempt + 1, workerId: session.workerId };
      decisions.handOuts.push({ row: handedOut, session, route });
    } else {
      stand(decisions.result, state.routeId, row.scheduleTimeoutMs);
    }
  }
}

/** What these ends add to what each child is sent, by its number. */
function bytesByChild({ children }: Version, ends: readonly EndOnWorker[]): Map<number, number> {
  const sums = new Map<number, number>();
  for (const { number, bytes } of ends) {
    for (const child of children[number] ?? []) sums.set(child, (sums.get(child) ?? 0) + bytes);
  }
  return sums;
}

/** Ends the tasks that can no longer run, and the on-failure task that nobody needs. */
function endWaiting(
  runId: RunId,
  { cancelled, skipped }: RunAdvance,
  rows: Map<TaskRunId, LockedTaskRun>,
  decisions: Decisions,
): void {
  const end = (number: number, status: "cancelled" | "skipped", error: string | null, output: string | null) => {
    const row = rows.get(taskIdOf(runId, number)) as LockedTaskRun;
    rows.delete(row.id);
    const cause = { kind: "cancelled" as const, message: error ?? "", byWorker: false };
    note(decisions, {
      row,
      cause,
      startedAtMs: null,
      ending: { id: row.id, status, output, error, startedAtMs: null },
    });
  };
  for (const number of cancelled) end(number, "cancelled", "a task that it depends on did not succeed", null);
  for (const number of skipped) end(number, "skipped", null, '{"skipped":true}');
}

function note({ result, events }: Decisions, settled: Settled): void {
  result.settled.push(settled);
  events.push(...eventsOf(settled));
  const { requeue, row } = settled;
  if (requeue?.status === "backing_off") {
    result.queueDeadlineInMs = Math.min(result.queueDeadlineInMs, requeue.delayMs);
  } else if (requeue) {
    stand(result, row.routeId, row.scheduleTimeoutMs);
  }
}

function stand(result: SettleResult, routeId: number, scheduleTimeoutMs: number): void {
  result.queuedOn.add(routeId);
  result.queueDeadlineInMs = Math.min(result.queueDeadlineInMs, scheduleTimeoutMs);
}

/** Sends all statements together; they are carried out in this order. */
async function write(tx: Db, catalog: Catalog, decisions: Decisions, runs: Runs): Promise<void> {
  const { result, events, progress, readyings, handOuts } = decisions;
  const requeues = result.settled.flatMap((settled) => settled.requeue ?? []);
  const endings = result.settled.flatMap((settled) => settled.ending ?? []);
  const given = result.settled.filter((settled) => settled.requeue);
  const attempts = given.map(({ row, startedAtMs }) => ({ id: row.id, startedAtMs }));
  const rows = handOuts.map((handOut) => handOut.row);
  const written = [
    keepTimesOfAttempt(tx, attempts),
    requeueTaskRuns(tx, requeues),
    endTaskRuns(tx, endings),
    readyTaskRuns(tx, readyings),
    recordProgress(tx, progress),
    insertTaskEvents(tx, events),
  ];
  // Reads what the statements before have ended.
  const [tasks] = await Promise.all([describeDagTasks(tx, catalog, rows, runs), ...written]);
  result.assigned = handOuts.map(({ session, route }, index) => ({
    task: tasks[index] as AssignedTask,
    session,
    route,
  }));
}
