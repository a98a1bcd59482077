import { formatDuration } from "@helve/core";
import { type Database, listOutlivedTaskRuns, listPausedActions } from "@helve/store";
import type { Settlement } from "../commands/settlement.ts";
import type { Dispatcher } from "../dispatcher/dispatcher.ts";
import { actionKey, type PausedActions, type Routes } from "../dispatcher/routes.ts";

const OUTLIVED_MS = 60_000;
const OUTLIVED_AT_ONCE = 1000;

export interface PausedWorkflowsDeps {
  db: Database;
  routes: Routes;
  dispatcher: Dispatcher;
  settle: (settlement: Settlement) => Promise<unknown>;
  onError: (error: unknown) => void;
}

/**
 * Which workflows are paused. The database says it; here it is read at the start, when a hint comes, and in the sweep.
 *
 * A pause is no state of a task: its tasks stand in their lines as always, in their order. The routes of its actions have no
 * worker here while it lasts, so that nothing is born assigned to them or claimed, and a task of another workflow costs
 * nothing more. When it ends the workers come back to the routes and the lines go on.
 */
export class PausedWorkflows {
  readonly #deps: PausedWorkflowsDeps;
  #actions: PausedActions = new Map();
  #reading: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: PausedWorkflowsDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.cancelOutlived().catch(this.#deps.onError), OUTLIVED_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Whether any workflow is paused, as far as is known here. */
  get areAny(): boolean {
    return this.#actions.size > 0;
  }

  /** Reads what is paused and acts on it. One reading comes after the other: the last one is the newest. */
  read(): Promise<void> {
    const reading = this.#reading.then(() => this.#read());
    this.#reading = reading.catch(() => {});
    return reading;
  }

  /** Cancels tasks that have waited for longer than their paused workflow keeps them. */
  async cancelOutlived(): Promise<void> {
    const { db, settle } = this.#deps;
    if (!this.areAny) return;
    for (let found = OUTLIVED_AT_ONCE; found === OUTLIVED_AT_ONCE; ) {
      const outlived = await listOutlivedTaskRuns(db, OUTLIVED_AT_ONCE);
      found = outlived.length;
      await Promise.all(
        outlived.map(({ ttlMs, ...task }) => {
          const message = `its workflow is paused, and it has waited for ${formatDuration(ttlMs)}, as long as the pause allows`;
          return settle({ ...task, cause: { kind: "cancelled", message, byWorker: false }, startedAtMs: null });
        }),
      );
    }
  }

  async #read(): Promise<void> {
    const { db, routes, dispatcher } = this.#deps;
    const rows = await listPausedActions(db);
    if (rows.length === 0 && !this.areAny) return;
    this.#actions = new Map(rows.map(({ tenantId, action, workflow }) => [actionKey(tenantId, action), workflow]));
    for (const route of routes.pause(this.#actions)) {
      // Tasks that waited are older than those that were given out last before.
      dispatcher.rewind(route.id);
      dispatcher.noteWaiting(route);
    }
  }
}
