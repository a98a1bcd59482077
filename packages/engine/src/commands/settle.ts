import {
  type AttemptEnd,
  advanceRun,
  afterAttempt,
  type RunAdvance,
  type RunId,
  runIdOf,
  type TaskEnd,
  type TaskRunId,
  type TenantId,
  taskIdOf,
  taskNumberOf,
  type Uuid,
} from "@helve/core";
import {
  type Db,
  type Ending,
  endTaskRuns,
  insertTaskEvents,
  keepTimesOfAttempt,
  type LockedTaskRun,
  lockTaskRuns,
  lockWorkflowRuns,
  type NewTaskEvent,
  type Readying,
  type Requeue,
  type RunProgress,
  readyTaskRuns,
  recordProgress,
  requeueTaskRuns,
  type UnfinishedWorkflowRun,
} from "@helve/store";
import type { AssignedTask } from "../api.ts";
import { type Catalog, stepOf, type Version } from "../catalog/catalog.ts";
import { describeAssignments } from "../dispatcher/assignment.ts";
import type { Route } from "../dispatcher/routes.ts";
import type { Session } from "../sessions/session.ts";
import { eventOf } from "./settlement-events.ts";

/**
 * Something that happened to an unfinished task run, or is asked of it: a report, a verdict of the engine, a cancel. It
 * names the attempt it is about; null means whichever there is. A cancel may also name a whole run.
 */
export interface Settlement {
  tenantId: TenantId;
  id: TaskRunId;
  attempt: number | null;
  cause:
    | { kind: "succeeded"; output: string }
    | AttemptEnd
    /** Assigned, and the worker has not said that it has it. */
    | { kind: "silent"; reason: string }
    | { kind: "cancelled"; message: string; byWorker: boolean }
    | { kind: "schedule_timed_out" };
  startedAtMs: number | null;
}

/** What became of one task run. */
export type Settled = { row: LockedTaskRun; cause: Settlement["cause"] } & (
  | { ending: Ending; requeue?: never }
  | { requeue: Requeue; ending?: never }
);

/** Everything that one transaction did; the engine acts on it after the commit. */
export interface SettleResult {
  /** For each settlement the tasks that it changed; none when it was late, not due, or about nothing. */
  touched: TaskRunId[][];
  settled: Settled[];
  /** Tasks that were given to workers in the same transaction, with their reservations. */
  assigned: { task: AssignedTask; session: Session; route: Route }[];
  /** Routes in whose lines somebody stands now. */
  queuedOn: Set<Route>;
  /** When the first deadline of what waits now passes, from now; infinite when nothing does. */
  queueDeadlineInMs: number;
  endedRuns: { run: UnfinishedWorkflowRun; status: "succeeded" | "failed" | "cancelled" }[];
}

export interface SettleDeps {
  catalog: Catalog;
  /** Takes slots for a task that becomes ready; undefined when it must stand in line. */
  reserve(route: Route): Session | undefined;
}

/**
 * Applies settlements in one transaction: locks the runs and then the tasks concerned, decides by core's rules, and writes
 * each kind of change once for all. The only place where a task run ends, returns to its line or becomes ready, save for
 * the one statement that ends standalone tasks that succeeded.
 */
export async function settle(tx: Db, deps: SettleDeps, settlements: readonly Settlement[]): Promise<SettleResult> {
  const { catalog } = deps;
  const runs = new Map<RunId, UnfinishedWorkflowRun>();
  for (const run of await lockWorkflowRuns(tx, runsOf(settlements))) runs.set(run.id, run);
  await catalog.ensure(new Set([...runs.values()].map((run) => run.versionId)), tx);
  const targets = expandRuns(settlements, runs, catalog);
  const rows = new Map<TaskRunId, LockedTaskRun>();
  for (const row of await lockTaskRuns(tx, concernedTasks(targets, runs, catalog))) rows.set(row.id, row);
  await catalog.ensure(new Set([...rows.values()].map((row) => row.versionId)), tx);

  const result: SettleResult = {
    touched: settlements.map(() => []),
    settled: [],
    assigned: [],
    queuedOn: new Set(),
    queueDeadlineInMs: Number.POSITIVE_INFINITY,
    endedRuns: [],
  };
  const events: NewTaskEvent[] = [];
  const endsByRun = new Map<RunId, TaskEnd[]>();
  for (const { settlement, index } of targets) {
    const row = rows.get(settlement.id);
    if (!row || row.tenantId !== settlement.tenantId || !concerns(settlement, row)) continue;
    const version = catalog.loaded(row.versionId) as Version;
    // An on-failure task that was not called is skipped when the others have ended, never cancelled.
    if (row.status === "waiting" && stepOf(version, taskNumberOf(row.id)).isOnFailure) continue;
    const settled = decide(version, row, settlement);
    result.touched[index]?.push(row.id);
    result.settled.push(settled);
    events.push(...eventOf(settled));
    // Decided: a second settlement of the same task in this batch is late.
    rows.delete(row.id);
    if (settled.ending && taskNumberOf(row.id) > 0) push(endsByRun, runIdOf(row.id), taskEnd(settled));
  }

  const progress: RunProgress[] = [];
  const readyings: Readying[] = [];
  const reserved = new Map<TaskRunId, Session>();
  for (const [runId, ends] of endsByRun) {
    const run = runs.get(runId) as UnfinishedWorkflowRun;
    const version = catalog.loaded(run.versionId) as Version;
    const waiting = waitingTasks(runId, version, rows);
    const advance = advanceRun(version.definition, version.children, run, waiting, ends);
    progress.push({ id: runId, ...advance.run, status: advance.status });
    if (advance.status) result.endedRuns.push({ run, status: advance.status });
    endWaiting(runId, advance, rows, result, events);
    for (const [number, left] of advance.nearer) {
      readyings.push({ id: taskIdOf(runId, number), pendingParents: left, status: "waiting", workerId: null });
    }
    for (const number of advance.ready) {
      const { route, task } = stepOf(version, number);
      const session = deps.reserve(route);
      const id = taskIdOf(runId, number);
      if (session) reserved.set(id, session);
      else stand(result, route, task.scheduleTimeoutMs);
      const status = session ? "assigned" : "queued";
      readyings.push({ id, pendingParents: 0, status, workerId: session?.workerId ?? null });
    }
  }
  try {
    await write(tx, result, readyings, progress, events, reserved, catalog);
  } catch (error) {
    for (const [id, session] of reserved) {
      const run = runs.get(runIdOf(id)) as UnfinishedWorkflowRun;
      session.give(stepOf(catalog.loaded(run.versionId) as Version, taskNumberOf(id)).route);
    }
    throw error;
  }
  return result;
}

async function write(
  tx: Db,
  result: SettleResult,
  readyings: readonly Readying[],
  progress: readonly RunProgress[],
  events: readonly NewTaskEvent[],
  reserved: ReadonlyMap<TaskRunId, Session>,
  catalog: Catalog,
): Promise<void> {
  const requeues = result.settled.flatMap((settled) => settled.requeue ?? []);
  await keepTimesOfAttempt(
    tx,
    requeues.map((requeue) => requeue.id),
  );
  await requeueTaskRuns(tx, requeues);
  await endTaskRuns(
    tx,
    result.settled.flatMap((settled) => settled.ending ?? []),
  );
  const readied = await readyTaskRuns(tx, readyings);
  const assigned = readied.filter((row) => reserved.has(row.id));
  // Before the runs move on: the input of a task is read from its run.
  const tasks = await describeAssignments(tx, catalog, assigned);
  await recordProgress(tx, progress);
  await insertTaskEvents(tx, events);
  result.assigned = tasks.map((task, index) => {
    const { versionId, id } = assigned[index] as { versionId: Uuid; id: TaskRunId };
    const { route } = stepOf(catalog.loaded(versionId) as Version, taskNumberOf(id));
    return { task, session: reserved.get(id) as Session, route };
  });
  for (const settled of result.settled) {
    const { row, requeue } = settled;
    if (requeue?.status === "backing_off")
      result.queueDeadlineInMs = Math.min(result.queueDeadlineInMs, requeue.delayMs);
    if (requeue?.status !== "queued") continue;
    const version = catalog.loaded(row.versionId) as Version;
    stand(result, stepOf(version, taskNumberOf(row.id)).route, row.scheduleTimeoutMs);
  }
}

function stand(result: SettleResult, route: Route, scheduleTimeoutMs: number): void {
  result.queuedOn.add(route);
  result.queueDeadlineInMs = Math.min(result.queueDeadlineInMs, scheduleTimeoutMs);
}

/** Whether a settlement still finds the task in the state that it is about. */
function concerns({ attempt, cause }: Settlement, row: LockedTaskRun): boolean {
  if (attempt !== null && row.attempt !== attempt) return false;
  switch (cause.kind) {
    case "cancelled":
      return !cause.byWorker || row.status === "assigned";
    case "schedule_timed_out":
      return row.status === "queued" && row.isDue;
    case "timed_out":
      return row.status === "assigned" && row.isDue;
    case "silent":
      return row.status === "assigned" && !row.isStarted;
    default:
      return row.status === "assigned";
  }
}

function decide(version: Version, row: LockedTaskRun, { cause, startedAtMs }: Settlement): Settled {
  const { task } = stepOf(version, taskNumberOf(row.id));
  const ended = (status: Ending["status"], output: string | null, error: string | null): Settled => ({
    row,
    cause,
    ending: { id: row.id, status, output, error, startedAtMs },
  });
  switch (cause.kind) {
    case "succeeded":
      return ended("succeeded", cause.output, null);
    case "cancelled":
      return ended("cancelled", null, cause.message);
    case "schedule_timed_out":
      return ended(
        "failed",
        null,
        `no worker took the task within its schedule timeout of ${row.scheduleTimeoutMs} ms`,
      );
    default: {
      const end: AttemptEnd = cause.kind === "silent" ? { kind: "lost", reason: cause.reason } : cause;
      const after = afterAttempt(task, row, end);
      if (after.move === "fail") return ended("failed", null, after.error);
      const { status, failures, requeues, delayMs } = after;
      return { row, cause, requeue: { id: row.id, status, failures, requeues, delayMs } };
    }
  }
}

function taskEnd({ row, ending, cause }: Settled): TaskEnd {
  const status = (ending as Ending).status;
  const callsOnFailure = status === "failed" && cause.kind !== "schedule_timed_out";
  return { number: taskNumberOf(row.id), status, callsOnFailure };
}

/** Ends the tasks that can no longer run, and the on-failure task that nobody needs. */
function endWaiting(
  runId: RunId,
  advance: RunAdvance,
  rows: Map<TaskRunId, LockedTaskRun>,
  result: SettleResult,
  events: NewTaskEvent[],
): void {
  const end = (number: number, status: "cancelled" | "skipped", error: string | null, output: string | null) => {
    const row = rows.get(taskIdOf(runId, number)) as LockedTaskRun;
    rows.delete(row.id);
    const settled: Settled = {
      row,
      cause: { kind: "cancelled", message: error ?? "", byWorker: false },
      ending: { id: row.id, status, output, error, startedAtMs: null },
    };
    result.settled.push(settled);
    events.push(...eventOf(settled));
  };
  for (const number of advance.cancelled) end(number, "cancelled", "a task that it depends on did not succeed", null);
  for (const number of advance.skipped) end(number, "skipped", null, '{"skipped":true}');
}

function runsOf(settlements: readonly Settlement[]): RunId[] {
  const ids = new Set<RunId>();
  for (const { id, cause } of settlements) {
    if (taskNumberOf(id) > 0 || cause.kind === "cancelled") ids.add(runIdOf(id));
  }
  return [...ids];
}

/** A settlement of a whole DAG run concerns each of its tasks. */
function expandRuns(
  settlements: readonly Settlement[],
  runs: ReadonlyMap<RunId, UnfinishedWorkflowRun>,
  catalog: Catalog,
): { settlement: Settlement; index: number }[] {
  return settlements.flatMap((settlement, index) => {
    const run = taskNumberOf(settlement.id) === 0 ? runs.get(settlement.id) : undefined;
    if (!run) return [{ settlement, index }];
    const version = catalog.loaded(run.versionId) as Version;
    return version.steps
      .slice(1)
      .map((step) => ({ settlement: { ...settlement, id: taskIdOf(run.id, step.number) }, index }));
  });
}

/** The tasks themselves and all that their end can touch. */
function concernedTasks(
  targets: readonly { settlement: Settlement }[],
  runs: ReadonlyMap<RunId, UnfinishedWorkflowRun>,
  catalog: Catalog,
): TaskRunId[] {
  const ids = new Set<TaskRunId>();
  for (const { settlement } of targets) {
    ids.add(settlement.id);
    const number = taskNumberOf(settlement.id);
    const run = number > 0 ? runs.get(runIdOf(settlement.id)) : undefined;
    if (!run) continue;
    const version = catalog.loaded(run.versionId) as Version;
    const touched =
      settlement.cause.kind === "succeeded" ? version.children[number] : stepOf(version, number).descendants;
    for (const other of touched ?? []) ids.add(taskIdOf(run.id, other));
    const hook = version.steps.at(-1);
    if (hook?.isOnFailure) ids.add(taskIdOf(run.id, hook.number));
  }
  return [...ids].sort();
}

function waitingTasks(
  runId: RunId,
  version: Version,
  rows: ReadonlyMap<TaskRunId, LockedTaskRun>,
): Map<number, number> {
  const waiting = new Map<number, number>();
  for (const step of version.steps) {
    const row = rows.get(taskIdOf(runId, step.number));
    if (row?.status === "waiting") waiting.set(step.number, row.pendingParents);
  }
  return waiting;
}

function push<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
