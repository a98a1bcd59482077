import { helve } from "@helve/contracts";
import { errorMessage, isNonRetryable, NonRetryableError } from "../errors.ts";
import type { Logger } from "../logging/logger.ts";
import type { StartedAttempt } from "../session/worker-outbox.ts";
import { Attempt } from "./attempt.ts";
import { errorText, outputText } from "./outcome-text.ts";
import { runHandler } from "./run-handler.ts";
import type { TaskHandlers } from "./task-handlers.ts";
import type { TaskRuntime } from "./task-runtime.ts";

const { OUTCOME_SUCCEEDED, OUTCOME_FAILED, OUTCOME_ENDED, OUTCOME_RETURNED } = helve.Outcome;

/** Where a runner tells what becomes of its attempts; the session of its worker. */
export interface Reporter {
  started(attempt: StartedAttempt): void;
  report(report: helve.Report): void;
}

export interface TaskRunnerOptions {
  handlers: TaskHandlers;
  runtime: TaskRuntime;
  reporter: Reporter;
  logger: Logger;
  /** Largest message the engine takes. */
  maxBytes: number;
  /** After so many ms a cancelled task that goes on is mentioned. */
  cancellationWarningMs: number;
  /** So long a stopping worker waits for cancelled tasks. */
  cancellationGraceMs: number;
}

/** Starting tasks may keep the event loop for so long; then what is to be sent gets its turn. */
const START_SLICE_MS = 5;

/**
 * Runs the tasks that a worker is given, all of them at once: how many those are is the engine's care, which knows the
 * slots.
 *
 * Confirming comes before starting when there is much to start: tasks whose code begins with a long computation would
 * otherwise keep each other's receipts back until the engine takes them for lost.
 */
export class TaskRunner {
  readonly #options: TaskRunnerOptions;
  readonly #attempts = new Map<string, Attempt>();
  /** Attempts that are over, by how they ended. */
  readonly ended = { succeeded: 0, failed: 0, returned: 0, given_up: 0 };
  #toStart: Attempt[] = [];
  #onChange: (() => void) | undefined;

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
  }

  /** Attempts whose code has not ended. */
  get size(): number {
    return this.#attempts.size;
  }

  holding(): helve.Attempt[] {
    return [...this.#attempts.values()].map(({ taskId, attempt }) => ({ taskId, attempt }));
  }

  assigned(assignments: readonly helve.Assignment[]): void {
    const isStarting = this.#toStart.length > 0;
    for (const assignment of assignments) {
      const key = keyOf(assignment.taskId, assignment.attempt);
      // Told twice, because the engine could not know that it had arrived.
      if (this.#attempts.has(key)) continue;
      const attempt = new Attempt(assignment, this.#options.runtime);
      this.#attempts.set(key, attempt);
      this.#toStart.push(attempt);
    }
    if (!isStarting) this.#startSome();
  }

  /** Gives back what arrives when nothing is taken any more. */
  refuse(assignments: readonly helve.Assignment[]): void {
    for (const assignment of assignments) this.#tell(assignment, OUTCOME_RETURNED, "");
  }

  cancelled({ taskId, attempt: number, reason }: helve.Cancel): void {
    const attempt = this.#attempts.get(keyOf(taskId, number));
    // Nothing runs here: the engine may have it back. If its end was told already, this changes nothing.
    if (attempt === undefined) {
      this.#tell({ taskId, attempt: number }, OUTCOME_ENDED, "");
      return;
    }
    this.#giveUp(attempt, reason);
  }

  lost(attempts: readonly helve.Attempt[]): void {
    for (const { taskId, attempt: number } of attempts) {
      const attempt = this.#attempts.get(keyOf(taskId, number));
      if (attempt !== undefined) this.#giveUp(attempt, "the engine has taken the task from this worker");
    }
  }

  /** Gives back, unspent, whatever has not ended. Its code is asked to stop. */
  returnAll(reason: string): void {
    for (const attempt of [...this.#attempts.values()]) {
      const wasGivenUp = attempt.isGivenUp;
      attempt.giveUp(reason);
      this.#end(attempt, wasGivenUp ? OUTCOME_ENDED : OUTCOME_RETURNED, "");
    }
  }

  /**
   * Waits until nothing runs whose outcome counts, and a little for what was given up to clean up behind itself.
   *
   * @returns false when the time was over before that
   */
  async idle(patienceMs: number): Promise<boolean> {
    const isIdle = await this.#until(() => !this.#hasWork(), patienceMs);
    if (isIdle) await this.#until(() => this.size === 0, Math.min(patienceMs, this.#options.cancellationGraceMs));
    return isIdle;
  }

  #hasWork(): boolean {
    for (const attempt of this.#attempts.values()) if (!attempt.isGivenUp) return true;
    return false;
  }

  /** Looks each time something ends or is given up. */
  #until(isSo: () => boolean, patienceMs: number): Promise<boolean> {
    if (isSo()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = (result: boolean): void => {
        clearTimeout(timer);
        this.#onChange = undefined;
        resolve(result);
      };
      const timer = Number.isFinite(patienceMs) ? setTimeout(() => settle(false), patienceMs) : undefined;
      this.#onChange = () => {
        if (isSo()) settle(true);
      };
    });
  }

  readonly #startSome = (): void => {
    const until = performance.now() + START_SLICE_MS;
    const attempts = this.#toStart;
    for (let next = 0; next < attempts.length; next += 1) {
      this.#start(attempts[next] as Attempt);
      if (next + 1 === attempts.length || performance.now() < until) continue;
      this.#toStart = attempts.slice(next + 1);
      for (const waiting of this.#toStart) this.#confirm(waiting);
      setImmediate(this.#startSome);
      return;
    }
    this.#toStart = [];
  };

  #start(attempt: Attempt): void {
    if (attempt.isReported) return;
    if (attempt.isGivenUp) {
      this.#end(attempt, OUTCOME_ENDED, "");
      return;
    }
    this.#confirm(attempt);
    const handler = this.#options.handlers.get(attempt.assignment.action);
    if (handler === undefined) {
      const text = `this worker has no task '${attempt.assignment.action}'`;
      this.#failed(attempt, new NonRetryableError(text));
      return;
    }
    let result: unknown;
    try {
      result = runHandler(handler, attempt);
    } catch (error) {
      this.#failed(attempt, error);
      return;
    }
    if (isPromise(result)) {
      result.then(
        (output) => this.#succeeded(attempt, output),
        (error: unknown) => this.#failed(attempt, error),
      );
    } else {
      this.#succeeded(attempt, result);
    }
  }

  #confirm(attempt: Attempt): void {
    if (attempt.isConfirmed) return;
    attempt.isConfirmed = true;
    this.#options.reporter.started(attempt);
  }

  #succeeded(attempt: Attempt, output: unknown): void {
    if (attempt.isReported) return;
    if (attempt.isGivenUp) {
      this.#end(attempt, OUTCOME_ENDED, "");
      return;
    }
    let payload: string;
    try {
      payload = outputText(output, attempt.assignment.taskName, this.#options.maxBytes);
    } catch (error) {
      this.#failed(attempt, error);
      return;
    }
    this.#end(attempt, OUTCOME_SUCCEEDED, payload);
  }

  #failed(attempt: Attempt, error: unknown): void {
    if (attempt.isReported) return;
    if (attempt.isGivenUp) {
      this.#end(attempt, OUTCOME_ENDED, "");
      return;
    }
    const { taskName, taskId } = attempt.assignment;
    this.#options.logger.debug(`${taskName} ${taskId} failed: ${errorMessage(error)}`);
    this.#end(attempt, OUTCOME_FAILED, errorText(error), isNonRetryable(error));
  }

  #end(attempt: Attempt, outcome: helve.Outcome, payload: string, notRetryable = false): void {
    attempt.isReported = true;
    this.#count(outcome);
    this.#attempts.delete(keyOf(attempt.taskId, attempt.attempt));
    this.#tell(attempt, outcome, payload, notRetryable);
    this.#onChange?.();
  }

  #count(outcome: helve.Outcome): void {
    if (outcome === OUTCOME_SUCCEEDED) this.ended.succeeded += 1;
    else if (outcome === OUTCOME_FAILED) this.ended.failed += 1;
    else if (outcome === OUTCOME_RETURNED) this.ended.returned += 1;
    else this.ended.given_up += 1;
  }

  #tell({ taskId, attempt }: helve.Attempt, outcome: helve.Outcome, payload: string, notRetryable = false): void {
    this.#options.reporter.report({ taskId, attempt, outcome, payload, notRetryable });
  }

  #giveUp(attempt: Attempt, reason: string): void {
    if (attempt.isGivenUp) return;
    attempt.giveUp(reason);
    this.#onChange?.();
    setTimeout(() => this.#warnIfRunning(attempt, reason), this.#options.cancellationWarningMs).unref();
  }

  #warnIfRunning(attempt: Attempt, reason: string): void {
    if (attempt.isReported) return;
    const { taskName, taskId } = attempt.assignment;
    const advice = "it keeps its slot until its code has ended; use ctx.signal to end it";
    this.#options.logger.warn(`${taskName} ${taskId} was given up (${reason || "cancelled"}) and goes on: ${advice}`);
  }
}

/** Most tasks have one attempt, and that one needs no string made for it. */
function keyOf(taskId: string, attempt: number): string {
  return attempt === 1 ? taskId : `${taskId} ${attempt}`;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
