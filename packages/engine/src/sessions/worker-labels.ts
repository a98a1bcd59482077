import type { WorkerId } from "@helve/core";
import { type Database, getWorkerLabels } from "@helve/store";
import type { Dispatcher } from "../dispatcher/dispatcher.ts";
import type { Routes } from "../dispatcher/routes.ts";
import type { Session } from "./session.ts";

export interface WorkerLabelsDeps {
  db: Database;
  routes: Routes;
  dispatcher: Dispatcher;
  find: (workerId: WorkerId) => Session | undefined;
}

/**
 * Keeps the labels of sessions as they are stored, whichever replica was told of a change. They are read anew and never
 * taken from a request, one read at a time: of two changes at once the later one in the database is the one that stays.
 */
export class WorkerLabels {
  readonly #deps: WorkerLabelsDeps;
  readonly #toRead = new Set<WorkerId>();
  #reading: Promise<void> = Promise.resolve();

  constructor(deps: WorkerLabelsDeps) {
    this.#deps = deps;
  }

  /** Labels of these workers may have changed. Resolves when their sessions have them and lines are served accordingly. */
  changed(workerIds: Iterable<WorkerId>): Promise<void> {
    for (const id of workerIds) if (this.#deps.find(id)) this.#toRead.add(id);
    this.#reading = this.#reading.catch(() => {}).then(() => this.#read());
    return this.#reading;
  }

  async #read(): Promise<void> {
    const ids = [...this.#toRead];
    if (ids.length === 0) return;
    // Cleared before, so that a change which comes while the read is under way is read again.
    this.#toRead.clear();
    const found = await getWorkerLabels(this.#deps.db, ids).catch((error: unknown) => {
      for (const id of ids) this.#toRead.add(id);
      throw error;
    });
    for (const { id, labels } of found) {
      const session = this.#deps.find(id);
      if (session && JSON.stringify(session.labels) !== JSON.stringify(labels)) this.#apply(session, labels);
    }
  }

  #apply(session: Session, labels: Session["labels"]): void {
    session.labels = labels;
    for (const route of this.#deps.routes.placeAgain(session)) this.#deps.dispatcher.noteWaiting(route);
  }
}
