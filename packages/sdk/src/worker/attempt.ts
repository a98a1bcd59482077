import type { helve } from "@helve/contracts";
import { TaskCancelledError } from "../errors.ts";
import type { StartedAttempt } from "../session/worker-outbox.ts";
import type { TaskRuntime } from "./task-runtime.ts";

/**
 * One attempt in this worker's hands.
 *
 *   running ──its code ends──► reported
 *      │
 *      └──cancelled, timed out, lost──► given up ──its code ends──► reported
 *
 * An attempt that was given up goes on until its code ends: nothing can stop code from outside, the abort signal asks it
 * to. Its outcome counts no more, only that it has ended.
 */
export class Attempt implements StartedAttempt {
  readonly assignment: helve.Assignment;
  readonly runtime: TaskRuntime;
  /** Its receipt is on the way. */
  isConfirmed = false;
  isReported = false;
  isGivenUp = false;
  #reason = "";
  #controller: AbortController | undefined;
  #nextChildIndex = 0;
  #nextChunkIndex = 0;

  constructor(assignment: helve.Assignment, runtime: TaskRuntime) {
    this.assignment = assignment;
    this.runtime = runtime;
  }

  get taskId(): string {
    return this.assignment.taskId;
  }

  get attempt(): number {
    return this.assignment.attempt;
  }

  /** Made when somebody asks for it; most tasks never do. */
  get controller(): AbortController {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.isGivenUp) this.#controller.abort(new TaskCancelledError(this.#reason));
    }
    return this.#controller;
  }

  giveUp(reason: string): void {
    if (this.isGivenUp) return;
    this.isGivenUp = true;
    this.#reason = reason;
    this.#controller?.abort(new TaskCancelledError(reason));
  }

  /** @throws TaskCancelledError when it was given up */
  throwIfGivenUp(): void {
    if (this.isGivenUp) throw new TaskCancelledError(this.#reason);
  }

  /** Children are counted in the order they are asked for, so that another attempt finds those of the one before. */
  takeChildIndex(): number {
    const index = this.#nextChildIndex;
    this.#nextChildIndex += 1;
    return index;
  }

  takeChunkIndex(): number {
    const index = this.#nextChunkIndex;
    this.#nextChunkIndex += 1;
    return index;
  }
}
