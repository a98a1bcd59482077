import {
  childMetadata,
  newRunId,
  notFound,
  placementOf,
  type RunId,
  runIdOf,
  type TenantId,
  withTraceparent,
} from "@helve/core";
import {
  claimChildRuns,
  type Database,
  type Db,
  getChildRuns,
  getParentTask,
  insertTaskRuns,
  insertWorkflowRuns,
  keepFirstTaskRuns,
  keepFirstWorkflowRuns,
  noteAskedAgain,
  type ReplicaId,
} from "@helve/store";
import type { AssignedTask, TriggerRequest } from "../api.ts";
import { Batcher } from "../batcher.ts";
import type { Catalog, Version } from "../catalog/catalog.ts";
import type { Clock } from "../clock.ts";
import { describeTask } from "../dispatcher/assignment.ts";
import type { Dispatcher } from "../dispatcher/dispatcher.ts";
import type { HeldTasks } from "../dispatcher/held-tasks.ts";
import type { Route } from "../dispatcher/route.ts";
import type { Placed, Routes } from "../dispatcher/routes.ts";
import { untilFull } from "../dispatcher/until-full.ts";
import type { Meter, Tracer } from "../observer.ts";
import { persist } from "../persist.ts";
import type { Session } from "../sessions/session.ts";
import {
  checkRequest,
  childClaim,
  firstAttempt,
  hasWishes,
  isNew,
  type PlannedRun,
  type PlannedTask,
  plannedRun,
  planTasks,
  weightOf,
  workflowRunRow,
} from "./planned-run.ts";

/** Tasks of one commit. */
const MAX_TASKS = 1000;

interface Stored {
  /** The id that each run has: another one's for a child asked for before. Undefined: its own. */
  ids: Map<PlannedRun, RunId> | undefined;
  /** Tasks that stand as they were planned; the others are not new, or have gone on since they were first stored. */
  born: Set<string> | "all";
}

export interface TriggerDeps {
  db: Database;
  replicaId: () => ReplicaId;
  catalog: Catalog;
  routes: Routes;
  dispatcher: Dispatcher;
  heldTasks: HeldTasks;
  /** Tasks stand in these lines now. */
  onQueued: (
    routes: ReadonlySet<Route>,
    tasks: readonly { tenantId: TenantId; taskId: string; metadata: string }[],
  ) => void;
  onQueueDeadline: (inMs: number) => void;
  /** Runs are about to be stored. */
  onStarting: (runIds: readonly RunId[]) => void;
  onDoubt: () => void;
  /** Whether requests may have lain here while this process stood still, and their clients have asked elsewhere since. */
  mayBeLate: () => boolean;
  meter: Partial<Meter>;
  clock: Clock;
  tracer: Tracer | undefined;
}

/**
 * Starts runs. A call is one unit, stored whole or not at all; calls that come at the same time share a commit. Whether a
 * task is born assigned is decided when its batch is written, by the slots that are free then.
 */
export class TriggerRuns {
  readonly #deps: TriggerDeps;
  readonly #batches: Batcher<PlannedRun[], RunId[]>;

  constructor(deps: TriggerDeps) {
    this.#deps = deps;
    this.#batches = new Batcher({
      write: (units) => this.#store(units),
      weigh: (runs) => runs.reduce((weight, run) => weight + weightOf(run), 0),
      maxWeight: MAX_TASKS,
      ownerOf: ([run]) => run?.tenantId ?? "",
      lanes: 2,
    });
  }

  /** @see Engine.triggerRuns */
  async trigger(tenantId: TenantId, requests: readonly TriggerRequest[]): Promise<RunId[]> {
    if (requests.length === 0) return [];
    const askedAtMs = this.#deps.clock.now();
    const runs: PlannedRun[] = [];
    for (const request of requests) {
      const planned = this.#plan(tenantId, request);
      // Nearly always planned without waiting: the workflow is known and there is no parent elsewhere.
      runs.push(planned instanceof Promise ? await planned : planned);
    }
    if (requests.some(hasWishes)) await this.#place(runs, requests);
    // One that may have been started before may also have ended before.
    this.#deps.onStarting(runs.filter(isNew).map((run) => run.id));
    const ids = await this.#batches.add(runs);
    this.#trace(runs, ids, askedAtMs);
    return ids;
  }

  idle(): Promise<void> {
    return this.#batches.idle();
  }

  #plan(tenantId: TenantId, request: TriggerRequest): PlannedRun | Promise<PlannedRun> {
    checkRequest(request);
    const version = this.#deps.catalog.cached(tenantId, request.workflow);
    if (!version || request.parentTaskId !== undefined) {
      return persist(() => this.#planSlowly(tenantId, request, version));
    }
    const id = request.runId ?? newRunId();
    return plannedRun(id, tenantId, version, request, withTraceparent(request.metadata, id));
  }

  async #planSlowly(tenantId: TenantId, request: TriggerRequest, cached: Version | undefined): Promise<PlannedRun> {
    const version = cached ?? (await this.#deps.catalog.current(tenantId, request.workflow));
    const id = request.runId ?? newRunId();
    const { parentTaskId } = request;
    if (parentTaskId === undefined) {
      return plannedRun(id, tenantId, version, request, withTraceparent(request.metadata, id));
    }
    const held = this.#deps.heldTasks.find(parentTaskId)?.task;
    const parentRunId = runIdOf(parentTaskId);
    const parent =
      held?.tenantId === tenantId ? held : await getParentTask(this.#deps.db, tenantId, parentTaskId, parentRunId);
    if (!parent) throw notFound(`not found: no task run ${parentTaskId} that could be a parent`);
    const metadata = childMetadata({
      parentMetadata: parent.metadata,
      ownMetadata: request.metadata,
      parentRunId,
      parentTaskRunId: parentTaskId,
    });
    return plannedRun(id, tenantId, version, request, withTraceparent(metadata, id));
  }

  /** Finds the lines that runs with wishes of their own stand in; those that nobody asked for before are made together. */
  async #place(runs: readonly PlannedRun[], requests: readonly TriggerRequest[]): Promise<void> {
    const { routes } = this.#deps;
    const missing: Placed[] = [];
    const wishful = runs.flatMap((run, index) => {
      const request = requests[index] as TriggerRequest;
      if (!hasWishes(request)) return [];
      const { definition, steps } = run.version;
      const wishes = { ...request, desiredWorkerId: request.desiredWorkerId?.toLowerCase() };
      const placed = steps.map(({ route, task }) => ({
        base: route,
        placement: placementOf(definition, task, wishes),
      }));
      for (const one of placed) if (!routes.findPlaced(one)) missing.push(one);
      return [{ run, placed }];
    });
    if (missing.length > 0) await persist(() => routes.putPlaced(missing));
    for (const { run, placed } of wishful) run.routes = placed.map((one) => routes.findPlaced(one) as Route);
  }

  /** A child that had been asked for before was traced then. */
  #trace(runs: readonly PlannedRun[], ids: readonly RunId[], askedAtMs: number): void {
    const { tracer, clock } = this.#deps;
    if (!tracer) return;
    const fresh = runs.filter((run, index) => run.id === ids[index]);
    const traced = fresh.map(({ id, tenantId, version, metadata }) => {
      return { id, tenantId, workflowName: version.definition.name, metadata };
    });
    tracer.triggered(traced, { askedAtMs, storedAtMs: clock.now() });
  }

  async #store(units: PlannedRun[][]): Promise<RunId[][]> {
    const { db, dispatcher, onDoubt, meter } = this.#deps;
    const begunAt = performance.now();
    const runs = withoutTwins(units.flat());
    const reserve = untilFull((route) => dispatcher.reserve(route));
    const tasks = runs.flatMap((run) => planTasks(run, reserve));
    const areNew = runs.every(isNew) && !this.#deps.mayBeLate();
    const storeEnds = dispatcher.storeBegins();
    const isStandalone = runs.every((run) => run.version.isStandalone);
    try {
      const { ids, born } = await persist((isRepeated) => {
        if (isStandalone && areNew && !isRepeated) return this.#storeStandalone(tasks);
        return db.transaction((tx) => this.#storeFamilies(tx, runs, tasks, isRepeated || !areNew));
      }, onDoubt);
      meter.committed?.("store", tasks.length, performance.now() - begunAt);
      const isBorn = (task: PlannedTask) => born === "all" || born.has(task.row.id);
      for (const task of tasks) if (!isBorn(task)) task.session?.give(task.route);
      this.#act(born === "all" ? tasks : tasks.filter(isBorn));
      return units.map((unit) => unit.map((run) => ids?.get(run) ?? run.id));
    } catch (error) {
      for (const { session, route } of tasks) session?.give(route);
      throw error;
    } finally {
      storeEnds();
    }
  }

  /** One statement, but for children that were asked for before, and for runs that another replica has stored meanwhile. */
  async #storeStandalone(tasks: PlannedTask[]): Promise<Stored> {
    const { db, replicaId } = this.#deps;
    const rows = tasks.map((task) => task.row);
    const keyed = tasks.filter(({ run }) => run.dedupeKey !== undefined);
    const keys = keyed.length > 0 ? tasks.map(({ run }) => run.dedupeKey ?? null) : undefined;
    const { first, stored } = await insertTaskRuns(db, replicaId(), rows, keys);
    if (stored === rows.length) return { ids: undefined, born: "all" };
    const isFirst = new Set(first);
    const again = keyed.filter(({ row }) => !isFirst.has(row.id)).map(({ run }) => run);
    const owners = await getChildRuns(db, again.map(childClaim));
    const ids = new Map(again.map((run, index) => [run, owners[index] as RunId]));
    const own = tasks.filter(({ run }) => !ids.has(run)).map(({ row }) => row);
    if (stored === own.length) return { ids, born: new Set(own.map((row) => row.id)) };
    // A client whose stream broke has asked another replica meanwhile, and that one was quicker.
    return { ids, born: await db.transaction((tx) => keepFirstTaskRuns(tx, own)) };
  }

  /** Runs of several tasks among them, or some that may have been stored before. */
  async #storeFamilies(tx: Db, runs: PlannedRun[], tasks: PlannedTask[], isRepeated: boolean): Promise<Stored> {
    const ids = new Map(runs.map((run) => [run, run.id]));
    const keyed = runs.filter((run) => run.dedupeKey !== undefined);
    const owners = await claimChildRuns(tx, keyed.map(childClaim));
    keyed.forEach((run, index) => void ids.set(run, owners[index] as RunId));
    const isFresh = (run: PlannedRun) => ids.get(run) === run.id;
    const families = runs.filter((run) => isFresh(run) && !run.version.isStandalone);
    await insertWorkflowRuns(tx, families.map(workflowRunRow));
    const rows = tasks.filter((task) => isFresh(task.run)).map((task) => task.row);
    const { stored } = await insertTaskRuns(tx, this.#deps.replicaId(), rows);
    if (!isRepeated && stored === rows.length) return { ids, born: new Set(rows.map((row) => row.id)) };
    await keepFirstWorkflowRuns(tx, families);
    const born = await keepFirstTaskRuns(tx, rows);
    const again = tasks.filter(({ run }) => isFresh(run) && !isNew(run)).map(({ row }) => row.id);
    await noteAskedAgain(tx, again);
    return { ids, born };
  }

  /** The runs are durable: sends what was born assigned and tells of what stands in line. */
  #act(tasks: PlannedTask[]): void {
    const { dispatcher, catalog, onQueued, onQueueDeadline } = this.#deps;
    const assigned: { task: AssignedTask; session: Session; route: Route }[] = [];
    const lines = new Set<Route>();
    const queued: { tenantId: TenantId; taskId: string; metadata: string }[] = [];
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const { run, step, route, row, session } of tasks) {
      if (row.status !== "waiting") queued.push({ tenantId: run.tenantId, taskId: row.id, metadata: run.metadata });
      if (session) {
        const errors = step.isOnFailure ? "{}" : undefined;
        const task = describeTask(catalog, firstAttempt(row, session), run.input, run.metadata, "{}", errors);
        assigned.push({ task, session, route });
      } else if (row.status === "queued") {
        lines.add(route);
        soonestMs = Math.min(soonestMs, row.scheduleTimeoutMs);
      }
    }
    dispatcher.send(assigned);
    if (lines.size > 0) onQueueDeadline(soonestMs);
    onQueued(lines, queued);
  }
}

/** A client whose stream broke and came back at once may ask for a run twice at the same time: as it asked last. */
function withoutTwins(runs: readonly PlannedRun[]): PlannedRun[] {
  return [...new Map(runs.map((run) => [run.id, run])).values()];
}
