import type { helve } from "@helve/contracts";
import { type ErrorCode, HelveError } from "../errors.ts";

interface Waiting {
  request: helve.RefreshTimeout;
  resolve: () => void;
  reject: (error: HelveError) => void;
}

/**
 * Requests to move a task's deadline that are not answered yet. They are asked again when the stream breaks: a deadline
 * that moves twice does less harm than a task that is stopped although it asked for time.
 */
export class TimeoutRefreshes {
  readonly #waiting = new Map<number, Waiting>();
  #lastRequest = 0;

  /** @returns what to send, and a promise that rejects when the engine refuses */
  ask(taskId: string, incrementMs: number): { request: helve.RefreshTimeout; done: Promise<void> } {
    this.#lastRequest += 1;
    const request = { request: this.#lastRequest, taskId, incrementMs };
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting.set(request.request, { request, resolve, reject });
    });
    return { request, done };
  }

  answered(answer: helve.TimeoutRefreshed): void {
    const waiting = this.#waiting.get(answer.request);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.request);
    if (answer.refusal === undefined) waiting.resolve();
    else waiting.reject(new HelveError(answer.refusal.code as ErrorCode, answer.refusal.message));
  }

  unanswered(): helve.RefreshTimeout[] {
    return [...this.#waiting.values()].map((waiting) => waiting.request);
  }
}
