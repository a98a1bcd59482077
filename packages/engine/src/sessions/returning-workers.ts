import type { TaskRunId, TenantId, WorkerId } from "@helve/core";
import { type Database, type HeldTaskRun, listAssignedTaskRuns } from "@helve/store";
import type { AssignedTask, OpenStream } from "../api.ts";
import { Batcher } from "../batcher.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Clock } from "../clock.ts";
import { describeInHand } from "../dispatcher/assignment.ts";
import type { HeldTasks } from "../dispatcher/held-tasks.ts";
import type { Route } from "../dispatcher/route.ts";
import type { Routes } from "../dispatcher/routes.ts";
import type { HeldTask, Session } from "./session.ts";

/** Workers whose tasks are read together when they come back: a thousand would bring a hundred thousand at once. */
const RETURNING_AT_ONCE = 200;

export interface ReturningWorkersDeps {
  db: Database;
  catalog: Catalog;
  routes: Routes;
  heldTasks: HeldTasks;
  clock: Clock;
  /** Tasks that are assigned to a returning worker which does not have them. */
  onNotHeld: (rows: readonly { tenantId: TenantId; id: TaskRunId; attempt: number }[]) => void;
}

/** A task that is assigned to a worker which has come back. */
export interface InHand {
  row: HeldTaskRun;
  task: AssignedTask;
}

/** What workers bring along when they come back, from before a restart or from another replica. */
export class ReturningWorkers {
  readonly #deps: ReturningWorkersDeps;
  readonly #assigned: Batcher<WorkerId, InHand[]>;

  constructor(deps: ReturningWorkersDeps) {
    this.#deps = deps;
    this.#assigned = new Batcher({ write: (ids) => this.#list(ids), maxWeight: RETURNING_AT_ONCE, lanes: 1 });
  }

  /** What is assigned to a worker, as the tables say. */
  inHandOf(workerId: WorkerId): Promise<InHand[]> {
    return this.#assigned.add(workerId);
  }

  /**
   * Takes the tasks of a worker that has come back into the books; it is running them or has them in its buffers.
   */
  adopt(session: Session, inHand: readonly InHand[]): void {
    const { heldTasks, routes } = this.#deps;
    for (const { row, task } of inHand) {
      const known = heldTasks.find(row.id);
      if (known?.task.attempt === row.attempt && !known.session.isClosed) continue;
      const route = routes.byId(row.routeId) as Route;
      const { deadlineMs, assignedAtMs, startedAtMs, slotReleased } = row;
      if (!slotReleased) session.occupy(route);
      const held = heldTasks.hold(task, session, route, {
        deadlineMs,
        sentAtMs: assignedAtMs,
        isAdopted: true,
        ...(startedAtMs !== null && { startedAtMs }),
      });
      held.holdsSlots = !slotReleased;
    }
  }

  /**
   * A worker says what it holds: the rest of what it was given never reached it.
   *
   * @returns what it holds and is not its own
   */
  compare(session: Session, holding: readonly { taskId: TaskRunId; attempt: number }[]): OpenStream["lost"] {
    const said = new Map(holding.map((one) => [one.taskId, one.attempt]));
    const notHeld: HeldTask[] = [];
    for (const held of session.held.values()) {
      if (said.get(held.task.id) === held.task.attempt) held.startedAtMs ??= this.#deps.clock.now();
      else notHeld.push(held);
    }
    for (const held of notHeld) this.#deps.heldTasks.release(held);
    if (notHeld.length > 0) this.#deps.onNotHeld(notHeld.map(({ task }) => task));
    return holding.filter(({ taskId, attempt }) => session.held.get(taskId)?.task.attempt !== attempt);
  }

  async #list(ids: WorkerId[]): Promise<InHand[][]> {
    const { db, catalog, routes } = this.#deps;
    const rows = await listAssignedTaskRuns(db, [...new Set(ids)]);
    await routes.learn(rows.map((row) => row.routeId));
    const tasks = await describeInHand(db, catalog, rows);
    // A thousand workers that come back together bring a hundred thousand tasks.
    const byWorker = new Map<WorkerId, InHand[]>(ids.map((id) => [id, []]));
    rows.forEach((row, index) => {
      byWorker.get(row.workerId)?.push({ row, task: tasks[index] as AssignedTask });
    });
    return ids.map((id) => byWorker.get(id) as InHand[]);
  }
}
