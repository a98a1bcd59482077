import {
  finalStatus,
  type RunId,
  type RunState,
  runIdOf,
  type TaskRunId,
  type TenantId,
  taskIdOf,
  taskNumberOf,
  type Uuid,
} from "@helve/core";
import {
  countParentsBytes,
  type Db,
  getTaskRunStates,
  insertTaskEvents,
  keepTimesOfFinished,
  type LockedTaskRun,
  lockTaskRuns,
  lockWorkflowRuns,
  type Reopening,
  readyTaskRuns,
  recordProgress,
  reopenTaskRuns,
  reopenWorkflowRuns,
  type TaskRunState,
} from "@helve/store";
import { type Catalog, type Step, stepOf, type Version } from "../catalog/catalog.ts";
import { planReplay } from "./plan-replay.ts";

/** What a replay put back to work. */
export interface Replayed {
  tasks: TaskRunId[];
  /** Routes in whose lines somebody stands now. */
  queuedOn: Set<number>;
  scheduleTimeoutMs: number;
}

/**
 * Runs finished tasks again: the same run, a new attempt, all retries anew. A run of several tasks is replayed whole, by its
 * id, once it has ended; one task of it takes all that depend on it along. What is not finished is passed over.
 */
export async function replay(tx: Db, catalog: Catalog, tenantId: TenantId, ids: readonly Uuid[]): Promise<Replayed> {
  const result: Replayed = { tasks: [], queuedOn: new Set(), scheduleTimeoutMs: Number.POSITIVE_INFINITY };
  const runIds = [...new Set(ids.map(runIdOf))].sort();
  await reopenWorkflowRuns(tx, tenantId, runIds);
  const runs = new Map((await lockWorkflowRuns(tx, runIds)).map((run) => [run.id, run]));
  await catalog.ensure(new Set([...runs.values()].map((run) => run.versionId)), tx);

  for (const runId of runIds) {
    const run = runs.get(runId);
    if (run?.tenantId === tenantId)
      await replayDag(
        tx,
        catalog,
        run,
        ids.filter((id) => runIdOf(id) === runId),
        result,
      );
  }
  const standalone = ids.filter((id) => taskNumberOf(id) === 0 && !runs.has(id)).map((id) => ({ tenantId, id }));
  const states = await getTaskRunStates(tx, standalone);
  const finished = [...states.values()].filter((state) => state.tenantId === tenantId && isFinished(state));
  await catalog.ensure(new Set(finished.map((state) => state.versionId)), tx);
  await reopen(
    tx,
    finished.map((state) => {
      const step = stepOf(catalog.loaded(state.versionId) as Version, 0);
      return { state, step, pendingParents: 0, isWaiting: false };
    }),
    result,
  );
  return result;
}

async function replayDag(
  tx: Db,
  catalog: Catalog,
  run: RunState & { id: RunId; tenantId: TenantId; versionId: Uuid },
  ids: readonly Uuid[],
  result: Replayed,
): Promise<void> {
  const version = catalog.loaded(run.versionId) as Version;
  const taskIds = version.steps.slice(1).map((step) => taskIdOf(run.id, step.number));
  const unfinished = await lockTaskRuns(tx, taskIds);
  const rows = new Map(unfinished.map((row) => [row.id, row]));
  const states = await getTaskRunStates(
    tx,
    taskIds.map((id) => ({ tenantId: run.tenantId, id })),
  );
  const tasks = new Map(
    [...states.values()].map(({ id, status }) => {
      return [taskNumberOf(id), { status, pendingParents: rows.get(id)?.pendingParents ?? 0 }];
    }),
  );
  const plan = planReplay(version, tasks, ids.includes(run.id) ? "all" : new Set(ids.map(taskNumberOf)));
  if (plan.reopened.length === 0) return recordUnchanged(tx, run);
  const reopened = plan.reopened.map(({ step, isWaiting, pendingParents }) => {
    return { state: states.get(taskIdOf(run.id, step.number)) as TaskRunState, step, pendingParents, isWaiting };
  });
  await reopen(tx, reopened, result);
  await readyTaskRuns(
    tx,
    [...plan.longer].map(([number, pendingParents]) => {
      const { id, routeId, parentsBytes } = rows.get(taskIdOf(run.id, number)) as LockedTaskRun;
      return { id, routeId, pendingParents, parentsBytes, status: "waiting", workerId: null };
    }),
  );
  // Those that run again count when they end again.
  const again = new Set(plan.reopened.map(({ step }) => step.number));
  const kept = plan.reopened.flatMap(({ step: { number, ancestors } }) => {
    const finished = ancestors.filter((ancestor) => !again.has(ancestor));
    return finished.map((ancestor) => ({ id: taskIdOf(run.id, number), ancestorId: taskIdOf(run.id, ancestor) }));
  });
  await countParentsBytes(tx, run.tenantId, kept);
  const count = (status: string) => reopened.filter(({ state }) => state.status === status).length;
  await recordProgress(tx, [
    {
      id: run.id,
      remaining: run.remaining + reopened.length,
      failed: run.failed - count("failed"),
      cancelled: run.cancelled - count("cancelled"),
      status: null,
    },
  ]);
}

/** Nothing of a run was replayed: one that was taken from history goes back there. */
async function recordUnchanged(tx: Db, run: RunState & { id: RunId }): Promise<void> {
  if (run.remaining > 0) return;
  const { id, remaining, failed, cancelled } = run;
  await recordProgress(tx, [{ id, remaining, failed, cancelled, status: finalStatus(run) }]);
}

async function reopen(
  tx: Db,
  reopened: readonly { state: TaskRunState; step: Step; pendingParents: number; isWaiting: boolean }[],
  result: Replayed,
): Promise<void> {
  const reopenings = reopened.map(({ state, step, pendingParents, isWaiting }): Reopening => {
    result.tasks.push(state.id);
    if (!isWaiting) result.scheduleTimeoutMs = Math.min(result.scheduleTimeoutMs, step.task.scheduleTimeoutMs);
    return {
      tenantId: state.tenantId,
      id: state.id,
      routeId: step.route.id,
      scheduleTimeoutMs: step.task.scheduleTimeoutMs,
      executionTimeoutMs: step.task.executionTimeoutMs,
      pendingParents,
      status: isWaiting ? "waiting" : "queued",
    };
  });
  await keepTimesOfFinished(
    tx,
    reopened.map(({ state }) => state),
  );
  await insertTaskEvents(
    tx,
    reopened.map(({ state }) => ({
      tenantId: state.tenantId,
      taskId: state.id,
      attempt: Math.max(state.attempt, 1),
      kind: "retried_by_user" as const,
      message: "Task was replayed, resetting task result.",
      workerId: null,
    })),
  );
  const waiting = new Set(reopenings.filter((one) => one.status === "waiting").map((one) => one.id));
  for (const { id, routeId } of await reopenTaskRuns(tx, reopenings)) {
    if (!waiting.has(id)) result.queuedOn.add(routeId);
  }
}

function isFinished(state: TaskRunState | undefined): boolean {
  return state !== undefined && ["succeeded", "failed", "cancelled", "skipped"].includes(state.status);
}
