import { type RunId, runIdOf, ShortLivedMap, ShortLivedSet, type TenantId, taskNumberOf, type Uuid } from "@helve/core";
import {
  type Database,
  type FinalStatus,
  type FinishedTaskRun,
  findUnknownRuns,
  getEndedRuns,
  listFinishedTasksOfRun,
} from "@helve/store";
import type { RunResult, TaskResult } from "../api.ts";
import { Batcher } from "../batcher.ts";
import { type Catalog, stepOf, type Version } from "../catalog/catalog.ts";

type Listener = (result: RunResult) => void;

/** Runs started here that are remembered as open; beyond that the oldest are looked up like any other. */
const MAX_OPEN_RUNS = 200_000;

/**
 * Tells whoever waits how a run has ended. A run that ends here is told at once; one that had ended, or ends on another
 * replica, is looked up: at arrival (unless it was started here and has not ended here), when a hint comes, and now and
 * then, since hints may be lost.
 */
export class RunResults {
  readonly #db: Database;
  readonly #catalog: Catalog;
  readonly #waiting = new ShortLivedMap<RunId, { tenantId: TenantId; listeners: Set<Listener> }>();
  readonly #open = new ShortLivedSet<RunId>();
  readonly #lookUps: Batcher<{ tenantId: TenantId; id: RunId }, undefined>;
  readonly #onError: (error: unknown) => void;

  constructor(db: Database, catalog: Catalog, onError: (error: unknown) => void) {
    this.#db = db;
    this.#catalog = catalog;
    this.#onError = onError;
    this.#lookUps = new Batcher({ write: (wanted) => this.#lookUp(wanted), maxWeight: 1000, lanes: 1 });
  }

  /** Calls back once for each run, also when it has ended already. @returns stops waiting */
  wait(tenantId: TenantId, runIds: readonly RunId[], listener: Listener): () => void {
    for (const runId of runIds) {
      const entry = this.#waiting.get(runId);
      if (entry) entry.listeners.add(listener);
      else this.#waiting.set(runId, { tenantId, listeners: new Set([listener]) });
      if (!this.#open.has(runId)) this.#look(tenantId, runId);
    }
    return () => {
      for (const runId of runIds) {
        const entry = this.#waiting.get(runId);
        entry?.listeners.delete(listener);
        if (entry?.listeners.size === 0) this.#waiting.delete(runId);
      }
    };
  }

  /** Runs are about to be stored by this replica. */
  noteStarted(runIds: Iterable<RunId>): void {
    for (const runId of runIds) this.#open.add(runId);
    for (const runId of this.#open) {
      if (this.#open.size <= MAX_OPEN_RUNS) break;
      this.#open.delete(runId);
    }
  }

  /** A run has ended, here or elsewhere. */
  noteEnded(runId: RunId): void {
    this.#open.delete(runId);
  }

  /** Which of these runs the tenant does not have. */
  async findUnknown(tenantId: TenantId, runIds: readonly RunId[]): Promise<RunId[]> {
    const unsure = runIds.filter((runId) => !this.#open.has(runId));
    return findUnknownRuns(this.#db, tenantId, unsure);
  }

  isAwaited(runId: RunId): boolean {
    return this.#waiting.has(runId);
  }

  /** A run has ended, durably. */
  publish(result: RunResult): void {
    const entry = this.#waiting.get(result.runId);
    if (!entry) return;
    this.#waiting.delete(result.runId);
    for (const listener of entry.listeners) listener(result);
  }

  /** Runs may have ended elsewhere; undefined: any of them may have ended unseen. */
  look(runIds?: Iterable<RunId>): void {
    if (runIds === undefined) this.#open.clear();
    for (const runId of runIds ?? [...this.#waiting.keys()]) {
      this.#open.delete(runId);
      const entry = this.#waiting.get(runId);
      if (entry) this.#look(entry.tenantId, runId);
    }
  }

  #look(tenantId: TenantId, id: RunId): void {
    this.#lookUps.add({ tenantId, id }).catch(this.#onError);
  }

  async #lookUp(wanted: { tenantId: TenantId; id: RunId }[]): Promise<undefined[]> {
    for (const ended of await getEndedRuns(this.#db, wanted)) {
      const { tenantId } = ended;
      if (this.#waiting.get(ended.id)?.tenantId === tenantId) this.publish(await this.#describe(tenantId, ended));
    }
    return wanted.map(() => undefined);
  }

  async #describe(tenantId: TenantId, ended: { id: Uuid; status: FinalStatus; versionId: Uuid }): Promise<RunResult> {
    await this.#catalog.ensure([ended.versionId]);
    const version = this.#catalog.loaded(ended.versionId) as Version;
    const tasks = await listFinishedTasksOfRun(this.#db, tenantId, ended.id);
    return {
      runId: ended.id,
      status: runStatus(ended.status),
      tasks: tasks.map((task) => taskResult(version, task)),
    };
  }
}

/** How a run has ended, by what its row says: one whose only task was skipped has done all there was to do. */
export function runStatus(status: FinalStatus): RunResult["status"] {
  return status === "skipped" ? "succeeded" : status;
}

/** A finished task as those see it who wait for its run. */
export function taskResult(version: Version, task: Omit<FinishedTaskRun, "attempt">): TaskResult {
  const wentWell = task.status === "succeeded" || task.status === "skipped";
  return {
    taskId: task.id,
    taskName: stepOf(version, taskNumberOf(task.id)).task.readableId,
    status: task.status,
    output: task.status === "skipped" ? '{"skipped":true}' : wentWell ? (task.output ?? "") : undefined,
    error: wentWell ? undefined : (task.error ?? ""),
  };
}

/** The result of a standalone run. */
export function standaloneResult(version: Version, task: Omit<FinishedTaskRun, "attempt">): RunResult {
  return {
    runId: runIdOf(task.id),
    status: runStatus(task.status),
    tasks: [taskResult(version, task)],
  };
}
