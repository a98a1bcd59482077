import {
  childrenByNumber,
  finalStatus,
  newRunId,
  onFailureNumber,
  type RunId,
  runIdOf,
  type TaskRunId,
  taskIdOf,
  taskNumberOf,
  type Uuid,
  type WorkflowDefinition,
} from "@helve/core";
import type { LockedTaskRun, UnfinishedWorkflowRun } from "@helve/store";
import type { ReportAnswer } from "../api.ts";
import type { Step, Version } from "../catalog/catalog.ts";
import { planReplay } from "../commands/plan-replay.ts";
import { type Decisions, decideAll } from "../commands/settle.ts";
import type { Settlement } from "../commands/settlement.ts";
import { runsOf, tasksConcerned } from "../commands/settlement-targets.ts";
import { Route } from "../dispatcher/route.ts";

const TENANT: Uuid = "01900000-0000-7000-8000-000000000000";

/** Nobody is connected: it does not matter where tasks stand. */
const NO_ROUTES = { byId: () => undefined, findPlaced: () => undefined };

type Row = LockedTaskRun & { dueAtMs: number };

/** How a task stands, in the words of the store. */
export interface StoredTask {
  status: string;
  attempt: number;
  failures: number;
  requeues: number;
}

/** The engine's own decisions over rows in memory: everything but SQL, connections and time. */
export class MemoryEngine {
  readonly #versions = new Map<Uuid, Version>();
  readonly #rows = new Map<TaskRunId, Row>();
  readonly #finished = new Map<TaskRunId, StoredTask & { versionId: Uuid }>();
  readonly #runs = new Map<RunId, UnfinishedWorkflowRun>();
  readonly #endedRuns = new Map<RunId, UnfinishedWorkflowRun>();
  #nowMs = 0;

  put(definition: WorkflowDefinition): Uuid {
    const version = versionOf(definition);
    this.#versions.set(version.id, version);
    return version.id;
  }

  trigger(versionId: Uuid): RunId {
    const version = this.#versions.get(versionId) as Version;
    const id = newRunId();
    const steps = version.isStandalone ? version.steps : version.steps.slice(1);
    for (const step of steps) {
      const { length } = step.task.parents;
      const row = this.#newRow(version, id, step, length);
      if (length === 0 && !step.isOnFailure) this.#queue(row);
    }
    if (!version.isStandalone) this.#runs.set(id, newRun(id, version, steps.length));
    return id;
  }

  handOut(id: TaskRunId): void {
    const row = this.#rows.get(id) as Row;
    Object.assign(row, { status: "assigned", attempt: row.attempt + 1, workerId: "a worker" });
    row.dueAtMs = this.#nowMs + row.executionTimeoutMs;
  }

  /** Applies settlements as one batch. @returns for each the tasks that it changed */
  settle(settlements: readonly Settlement[]): TaskRunId[][] {
    const catalog = { loaded: (id: Uuid) => this.#versions.get(id) };
    const runs = new Map(
      runsOf(settlements)
        .flatMap((id) => this.#runs.get(id) ?? [])
        .map((run) => [run.id, run]),
    );
    const { targets, ids } = tasksConcerned(catalog, settlements, runs);
    const rows = [...ids].flatMap((id) => this.#rows.get(id) ?? []);
    const locked = new Map(rows.map((row) => [row.id, { ...row, isDue: row.dueAtMs <= this.#nowMs }]));
    const decisions = decideAll(
      { catalog, routes: NO_ROUTES, reserve: () => undefined },
      settlements,
      targets,
      locked,
      runs,
    );
    this.#write(decisions);
    return decisions.result.touched;
  }

  /** What a worker hears that reports this outcome for a task which its report did not change. */
  answerTo(id: TaskRunId, attempt: number, outcome: string): ReportAnswer {
    const state = this.taskOf(id);
    return state.status === outcome && state.attempt === attempt ? "accepted" : "late";
  }

  /** @param number 0: the whole run @returns the tasks that run again */
  replay(runId: RunId, number: number): TaskRunId[] {
    if (this.#rows.get(runId) || this.#finished.get(runId)) return this.#reopen(runId, 0, false) ? [runId] : [];
    const run = this.#runs.get(runId) ?? (this.#endedRuns.get(runId) as UnfinishedWorkflowRun);
    const version = this.#versions.get(run.versionId) as Version;
    const tasks = version.steps.slice(1).map((step) => {
      const id = taskIdOf(runId, step.number);
      const { pendingParents = 0 } = this.#rows.get(id) ?? {};
      return [step.number, { status: this.taskOf(id).status, pendingParents }] as const;
    });
    const plan = planReplay(version, new Map(tasks), number === 0 ? "all" : new Set([number]));
    if (plan.reopened.length === 0) return [];
    this.#endedRuns.delete(runId);
    this.#runs.set(runId, run);
    for (const [longer, pendingParents] of plan.longer) {
      (this.#rows.get(taskIdOf(runId, longer)) as Row).pendingParents = pendingParents;
    }
    return plan.reopened.map(({ step, pendingParents, isWaiting }) => {
      const id = taskIdOf(runId, step.number);
      const { status } = this.taskOf(id);
      run.remaining++;
      if (status === "failed") run.failed--;
      if (status === "cancelled") run.cancelled--;
      this.#reopen(id, pendingParents, isWaiting);
      return id;
    });
  }

  /** Time passes, and what is due is acted on. */
  jump(ms: number): void {
    this.#nowMs += ms;
    const due = [...this.#rows.values()].filter((row) => row.dueAtMs <= this.#nowMs);
    const settlements = due.flatMap(({ id, tenantId, attempt, status }): Settlement[] => {
      if (status === "backing_off") this.#queue(this.#rows.get(id) as Row);
      if (status === "backing_off" || status === "waiting") return [];
      const cause =
        status === "queued" ? { kind: "schedule_timed_out" as const } : { kind: "timed_out" as const, error: "slow" };
      return [{ tenantId, id, attempt, cause, startedAtMs: null }];
    });
    this.settle(settlements);
  }

  taskOf(id: TaskRunId): StoredTask {
    return this.#rows.get(id) ?? (this.#finished.get(id) as StoredTask);
  }

  /** How a run has ended; undefined while it goes on. */
  statusOf(runId: RunId): string | undefined {
    const ended = this.#endedRuns.get(runId);
    return ended ? finalStatus(ended) : this.#finished.get(runId)?.status;
  }

  #write({ result, progress, readyings }: Decisions): void {
    for (const { requeue, ending } of result.settled) {
      if (requeue) {
        const row = this.#rows.get(requeue.id) as Row;
        Object.assign(row, { ...requeue, workerId: null, dueAtMs: this.#nowMs + requeue.delayMs });
        if (requeue.status === "queued") this.#queue(row);
      } else if (ending) {
        const { failures, requeues, attempt, versionId } = this.#rows.get(ending.id) as Row;
        this.#rows.delete(ending.id);
        this.#finished.set(ending.id, { status: ending.status, failures, requeues, attempt, versionId });
      }
    }
    for (const { id, pendingParents, status } of readyings) {
      const row = this.#rows.get(id) as Row;
      row.pendingParents = pendingParents;
      if (status === "queued") this.#queue(row);
    }
    for (const { id, status, ...counts } of progress) {
      const run = Object.assign(this.#runs.get(id) as UnfinishedWorkflowRun, counts);
      if (status === null) continue;
      this.#runs.delete(id);
      this.#endedRuns.set(id, run);
    }
  }

  #reopen(id: TaskRunId, pendingParents: number, isWaiting: boolean): boolean {
    const finished = this.#finished.get(id);
    if (!finished) return false;
    this.#finished.delete(id);
    const version = this.#versions.get(finished.versionId) as Version;
    const step = version.steps[taskNumberOf(id)] as Step;
    const row = this.#newRow(version, runIdOf(id), step, pendingParents);
    row.attempt = finished.attempt;
    if (!isWaiting) this.#queue(row);
    return true;
  }

  #queue(row: Row): void {
    row.status = "queued";
    row.dueAtMs = this.#nowMs + row.scheduleTimeoutMs;
  }

  #newRow(version: Version, runId: RunId, step: Step, pendingParents: number): Row {
    const row: Row = {
      id: step.number === 0 ? runId : taskIdOf(runId, step.number),
      tenantId: TENANT,
      versionId: version.id,
      routeId: step.route.id,
      workerId: null,
      status: "waiting",
      attempt: 0,
      failures: 0,
      requeues: 0,
      priority: 1,
      pendingParents,
      parentsBytes: 0,
      scheduleTimeoutMs: step.task.scheduleTimeoutMs,
      executionTimeoutMs: step.task.executionTimeoutMs,
      parentTaskId: null,
      childIndex: null,
      childKey: null,
      input: null,
      metadata: null,
      isDue: false,
      isStarted: false,
      dueAtMs: Number.POSITIVE_INFINITY,
    };
    this.#rows.set(row.id, row);
    return row;
  }
}

function newRun(id: RunId, version: Version, remaining: number): UnfinishedWorkflowRun {
  const counts = { remaining, failed: 0, cancelled: 0 };
  const child = { parentTaskId: null, childIndex: null, childKey: null };
  return { id, tenantId: TENANT, versionId: version.id, priority: 1, input: "{}", metadata: "{}", ...counts, ...child };
}

/** A version as the catalogue makes it, without a database. */
function versionOf(definition: WorkflowDefinition): Version {
  const id = newRunId();
  const tasks = definition.onFailure ? [...definition.tasks, definition.onFailure] : definition.tasks;
  const isStandalone = tasks.length === 1;
  const children = childrenByNumber(definition);
  const descendantsOf = (number: number): number[] => {
    const direct = children[number] ?? [];
    return [...new Set([...direct, ...direct.flatMap(descendantsOf)])];
  };
  const steps = tasks.map((task, index): Step => {
    const number = isStandalone ? 0 : index + 1;
    return {
      number,
      id: taskIdOf(id, index + 1),
      task,
      route: new Route({
        id: index,
        tenantId: TENANT,
        action: task.action,
        slots: '{"default":1}',
        placement: "",
        keptForMs: null,
      }),
      ancestors: [],
      descendants: descendantsOf(number),
      isOnFailure: number === onFailureNumber(definition),
    };
  });
  const byNumber = isStandalone ? steps : [steps[0] as Step, ...steps];
  return { id, tenantId: TENANT, workflowId: id, definition, isStandalone, steps: byNumber, children };
}
