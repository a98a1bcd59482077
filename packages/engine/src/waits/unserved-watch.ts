import { noteUnserved, type UnservedNote } from "@helve/store";
import type { WaitReason } from "../api.ts";
import type { Route } from "../dispatcher/route.ts";
import { isUnserved, queueReasons } from "./queue-reasons.ts";
import { viewWorkers, type WorkerViewsDeps } from "./worker-view.ts";

/** A line that nobody serves for so long is looked at: while workers come and go for a moment, nothing is written. */
const PATIENCE_MS = 1000;
const LOOK_MS = 250;
/** Tasks that one look puts on record: a long line costs a little at a time and keeps nobody from working. */
const TASKS_PER_LOOK = 250;
const SHOWN_WORKERS = 3;

export interface UnservedWatchDeps extends WorkerViewsDeps {
  mayWrite: () => boolean;
  onError: (error: unknown) => void;
}

interface Watched {
  route: Route;
  sinceMs: number;
  cause: string;
  /** How far its line has been gone through for this cause. */
  afterRank: number;
  afterAge: number;
}

/**
 * Puts on record why tasks wait that no connected worker can take: an event for each, once per attempt and cause. Not for
 * those that wait for a slot, which is ordinary. It works line by line: one statement for all of them, whatever stands there.
 */
export class UnservedWatch {
  readonly #deps: UnservedWatchDeps;
  readonly #watched = new Map<number, Watched>();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = true;
  #looking: Promise<void> = Promise.resolve();

  constructor(deps: UnservedWatchDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#isStopped = false;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#watched.clear();
    await this.#looking;
  }

  /** Somebody stands in this line, and it seems that no worker serves it. */
  note(route: Route): void {
    if (this.#isStopped || route.pausedBy !== undefined || this.#watched.has(route.id)) return;
    this.#watched.set(route.id, { route, sinceMs: performance.now(), cause: "", afterRank: -1, afterAge: -1 });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer || this.#isStopped || this.#watched.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look()
        .catch(this.#deps.onError)
        .finally(() => {
          this.#timer = undefined;
          this.#schedule();
        });
    }, LOOK_MS);
  }

  async #look(): Promise<void> {
    const now = performance.now();
    const due = [...this.#watched.values()].filter(({ sinceMs }) => now - sinceMs >= PATIENCE_MS);
    if (due.length === 0 || !this.#deps.mayWrite()) return;
    const workers = await viewWorkers(this.#deps, [...new Set(due.map(({ route }) => route.tenantId))]);
    const notes = due.flatMap((one) => this.#noteFor(one, workers.get(one.route.tenantId) ?? []));
    if (notes.length === 0) return;
    const limit = Math.ceil(TASKS_PER_LOOK / notes.length);
    const progress = new Map((await noteUnserved(this.#deps.db, notes, limit)).map((one) => [one.routeId, one]));
    for (const { routeId } of notes) {
      const gone = progress.get(routeId);
      const watched = this.#watched.get(routeId);
      if (!watched) continue;
      if (gone?.looked === limit) Object.assign(watched, { afterRank: gone.lastRank, afterAge: gone.lastAge });
      else this.#watched.delete(routeId);
    }
  }

  #noteFor(watched: Watched, workers: Parameters<typeof queueReasons>[1]): UnservedNote[] {
    const { route } = watched;
    const reasons = queueReasons(route, workers);
    if (!isUnserved(reasons)) {
      this.#watched.delete(route.id);
      return [];
    }
    const cause = `No worker can take it: ${reasons.map(({ message }) => message).join("; ")}.`;
    if (cause !== watched.cause) Object.assign(watched, { cause, afterRank: -1, afterAge: -1 });
    const { afterRank, afterAge } = watched;
    return [{ routeId: route.id, cause, message: cause + workersText(reasons), afterRank, afterAge }];
  }
}

/** The first workers that stand in the way, with what stands against each. */
function workersText(reasons: readonly WaitReason[]): string {
  const all = reasons.flatMap(({ workers }) => workers);
  if (all.length === 0) return "";
  const shown = all.slice(0, SHOWN_WORKERS).map(({ name, detail }) => `${name} ${detail}`);
  const more = all.length - shown.length;
  return ` ${shown.join("; ")}${more > 0 ? `; and ${more} more` : ""}.`;
}
