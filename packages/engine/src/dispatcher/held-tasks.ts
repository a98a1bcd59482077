import { ShortLivedMap, type TaskRunId } from "@helve/core";
import type { AssignedTask } from "../api.ts";
import type { Clock } from "../clock.ts";
import { attemptKey, type HeldTask, type Session } from "../sessions/session.ts";
import { DeadlineWheel } from "../timers/deadline-wheel.ts";
import type { Route } from "./route.ts";

/** A worker that was sent a task and says nothing for this long has not got it. */
export const RECEIPT_MS = 10_000;
/**
 * The same for what a worker brought along from an engine that is gone: its receipt may have been lost with that engine, and
 * published SDKs do not repeat it. The first sign of life may be the report of its end.
 */
const ADOPTED_RECEIPT_MS = 30_000;

/** Inputs and outputs of this many characters and more are not kept once they are sent: a worker may hold a thousand. */
const LARGE = 1024;

export interface HeldTasksDeps {
  clock: Clock;
  /** A task's execution timeout has passed. */
  onTimeout: (held: HeldTask[]) => void;
  /** No receipt came in time. */
  onSilent: (held: HeldTask[]) => void;
  /** Somebody who stands in line may have room now. */
  onSlotsFree: () => void;
}

/** The tasks in the hands of workers connected here: the slots they take, and what must happen by when. */
export class HeldTasks {
  readonly #deps: HeldTasksDeps;
  readonly #byTask = new ShortLivedMap<TaskRunId, HeldTask>();
  readonly #wheel: DeadlineWheel<HeldTask>;

  constructor(deps: HeldTasksDeps) {
    this.#deps = deps;
    this.#wheel = new DeadlineWheel(
      () => deps.clock.now(),
      (held) => this.#look(held),
    );
    deps.clock.onJump(() => {
      for (const held of this.#byTask.values()) this.#watch(held);
    });
  }

  /** The held task with this id, if its worker is connected here. */
  find(taskId: TaskRunId): HeldTask | undefined {
    return this.#byTask.get(taskId);
  }

  /** Takes a task into the books of its session; its slots are taken already. */
  hold(
    task: AssignedTask,
    session: Session,
    route: Route,
    times: { deadlineMs: number; sentAtMs: number; startedAtMs?: number; isAdopted?: boolean },
  ): HeldTask {
    const isAdopted = times.isAdopted ?? false;
    const held: HeldTask = {
      task: withoutPayload(task),
      route,
      session,
      deadlineMs: times.deadlineMs,
      sentAtMs: times.sentAtMs,
      receiptDueMs: this.#deps.clock.steady() + (isAdopted ? ADOPTED_RECEIPT_MS : RECEIPT_MS),
      startedAtMs: times.startedAtMs,
      isStartStored: times.startedAtMs !== undefined,
      holdsSlots: true,
      endReportedAtMs: undefined,
      isAdopted,
    };
    // An attempt that this replica did not see end.
    const former = this.#byTask.get(task.id);
    if (former) this.release(former);
    session.held.set(task.id, held);
    this.#byTask.set(task.id, held);
    this.#watch(held);
    return held;
  }

  /** The execution deadline has moved. */
  setDeadline(held: HeldTask, deadlineMs: number): void {
    held.deadlineMs = deadlineMs;
    this.#watch(held);
  }

  /** Looks at a held task again after some time: a verdict about it was premature. */
  lookAgain(held: HeldTask, inMs: number): void {
    if (this.#byTask.get(held.task.id) === held) this.#wheel.set(held, this.#deps.clock.now() + inMs);
  }

  /** The task is out of its worker's hands, durably, and its code has ended: its slots are free. */
  release(held: HeldTask): void {
    this.#forget(held);
    this.freeSlots(held);
  }

  /** Out of its worker's hands, but its code may still run: the slots stay taken. */
  abandon(held: HeldTask): void {
    this.#forget(held);
    if (!held.holdsSlots || held.endReportedAtMs !== undefined || held.session.isClosed) {
      this.freeSlots(held);
      return;
    }
    const key = attemptKey(held.task.id, held.task.attempt);
    held.session.abandoned.set(key, held);
    const waitMs = held.session.currentStream()?.abandonedSlotMs;
    if (waitMs !== undefined) setTimeout(() => this.codeEnded(held.session, key), waitMs).unref();
  }

  /** The code of an abandoned attempt has ended, or is taken to have. */
  codeEnded(session: Session, key: string): void {
    const held = session.abandoned.get(key);
    if (!held) return;
    session.abandoned.delete(key);
    this.freeSlots(held);
  }

  /** Gives the slots of a held task back, once. */
  freeSlots(held: HeldTask): void {
    if (!held.holdsSlots) return;
    held.holdsSlots = false;
    held.session.give(held.route);
    this.#deps.onSlotsFree();
  }

  /** The task goes on without slots. @returns whether its worker is connected here */
  freeSlotsOf(taskId: TaskRunId): boolean {
    const held = this.#byTask.get(taskId);
    if (held) this.freeSlots(held);
    return held !== undefined && held.session.streams.size > 0;
  }

  /** Another replica keeps these tasks now. */
  forgetAll(): void {
    for (const held of [...this.#byTask.values()]) this.#forget(held);
  }

  /** Looks at nothing any more. */
  stop(): void {
    this.#wheel.clear();
  }

  /** All tasks in the hands of workers connected here. */
  all(): Iterable<HeldTask> {
    return this.#byTask.values();
  }

  /** Looks at a held task when the first of its moments has come. */
  #watch(held: HeldTask): void {
    const receiptInMs =
      held.startedAtMs === undefined ? held.receiptDueMs - this.#deps.clock.steady() : Number.POSITIVE_INFINITY;
    this.#wheel.set(held, Math.min(held.deadlineMs, this.#deps.clock.now() + receiptInMs));
  }

  #forget(held: HeldTask): void {
    this.#wheel.delete(held);
    if (this.#byTask.get(held.task.id) === held) this.#byTask.delete(held.task.id);
    if (held.session.held.get(held.task.id) === held) held.session.held.delete(held.task.id);
  }

  #look(due: HeldTask[]): void {
    const nowMs = this.#deps.clock.now();
    const timedOut = due.filter((held) => held.deadlineMs <= nowMs);
    const rest = due.filter((held) => held.deadlineMs > nowMs);
    const steadyMs = this.#deps.clock.steady();
    const isSilent = (held: HeldTask) => held.startedAtMs === undefined && held.receiptDueMs <= steadyMs;
    const silent = rest.filter(isSilent);
    for (const held of rest) if (!isSilent(held)) this.#watch(held);
    if (timedOut.length > 0) this.#deps.onTimeout(timedOut);
    if (silent.length > 0) this.#deps.onSilent(silent);
  }
}

/** What is needed of a task while its worker has it. A copy costs more than a small payload. */
function withoutPayload(task: AssignedTask): AssignedTask {
  const isSmall = task.input.length + task.parents.length + (task.stepRunErrors?.length ?? 0) < LARGE;
  return isSmall ? task : { ...task, input: "", parents: "{}", stepRunErrors: undefined };
}
