import { formatDuration, type TaskRunId } from "@helve/core";
import type { AssignedTask } from "../api.ts";
import type { Clock } from "../clock.ts";
import { type HeldTasks, RECEIPT_MS } from "../dispatcher/held-tasks.ts";
import type { HeldTask } from "../sessions/session.ts";
import type { Settlement } from "./settlement.ts";

/** A verdict that the database's clock did not share is looked at again then. */
const LOOK_AGAIN_MS = 100;

type Judged = Pick<AssignedTask, "tenantId" | "id" | "attempt">;

export interface VerdictsDeps {
  clock: Clock;
  heldTasks: HeldTasks;
  settle: (settlement: Settlement) => Promise<TaskRunId[]>;
  /** Whether silence proves anything now. */
  mayJudgeSilence: () => boolean;
  /** What failed here is found again by the sweeper. */
  onError: (what: string, error: unknown) => void;
}

/** What the engine itself decides about tasks in the hands of workers. */
export class Verdicts {
  readonly #deps: VerdictsDeps;

  constructor(deps: VerdictsDeps) {
    this.#deps = deps;
  }

  /** Their worker is lost: they run elsewhere, at the cost of no retry. */
  lost(tasks: readonly Judged[], reason: string): void {
    for (const task of tasks) this.#settle(task, { kind: "lost", reason }, "requeueing lost tasks");
  }

  /** They never reached their worker. */
  handBack(tasks: readonly Judged[], reason: string): void {
    for (const task of tasks) this.#settle(task, { kind: "returned", reason }, "handing tasks back");
  }

  /** Their execution timeout has passed. */
  timeOut(tasks: readonly (Judged & Pick<AssignedTask, "executionTimeoutMs">)[]): void {
    for (const task of tasks) void this.#timeOut(task);
  }

  /** The same of tasks that are held here. */
  timeOutHeld(held: readonly HeldTask[]): void {
    const { heldTasks } = this.#deps;
    for (const one of held) void this.#timeOut(one.task).then(() => heldTasks.lookAgain(one, LOOK_AGAIN_MS));
  }

  /** No receipt came in time. */
  silent(held: readonly HeldTask[]): void {
    const { heldTasks, clock, mayJudgeSilence } = this.#deps;
    const reason = `the worker did not confirm the task within ${RECEIPT_MS / 1000} s`;
    for (const one of held) {
      // A worker that has no stream here may have told another replica: whether it is lost is for its session to say.
      if (!mayJudgeSilence() || one.session.streams.size === 0) {
        heldTasks.lookAgain(one, RECEIPT_MS);
        continue;
      }
      void this.#settle(one.task, { kind: "silent", reason }, "taking back unconfirmed tasks").then((touched) => {
        // Another replica was told of the start.
        if (touched?.length === 0 && heldTasks.find(one.task.id) === one) one.startedAtMs ??= clock.now();
        heldTasks.lookAgain(one, LOOK_AGAIN_MS);
      });
    }
  }

  #timeOut(task: Judged & Pick<AssignedTask, "executionTimeoutMs">): Promise<unknown> {
    const error = `Task exceeded timeout of ${formatDuration(task.executionTimeoutMs)}`;
    return this.#settle(task, { kind: "timed_out", error }, "timing tasks out");
  }

  /** @returns the tasks that it changed; undefined when it failed */
  async #settle(
    { tenantId, id, attempt }: Judged,
    cause: Settlement["cause"],
    what: string,
  ): Promise<TaskRunId[] | undefined> {
    try {
      return await this.#deps.settle({ tenantId, id, attempt, cause, startedAtMs: null });
    } catch (error) {
      this.#deps.onError(what, error);
      return undefined;
    }
  }
}
