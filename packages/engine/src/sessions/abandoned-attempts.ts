import { attemptKey, type HeldTask, type Session } from "./session.ts";

/** So few cost nothing to keep. */
const FIRST_LOOK_AT = 1_000;

/**
 * Whose slots an attempt takes that was given up while its code may still run: a report about it says no more than its task
 * and number. What is over without a report, because the session has ended or the slots came free by themselves, is
 * forgotten when it has become as many again as were left the last time.
 */
export class AbandonedAttempts {
  readonly #sessions = new Map<string, Session>();
  #nextLookAt = FIRST_LOOK_AT;

  get size(): number {
    return this.#sessions.size;
  }

  /** @param held given up a moment ago; nothing is remembered when it takes no slots */
  note({ task, session }: Pick<HeldTask, "task" | "session">): void {
    const key = attemptKey(task.id, task.attempt);
    if (!isOpen(key, session)) return;
    this.#sessions.set(key, session);
    if (this.#sessions.size < this.#nextLookAt) return;
    for (const [other, itsSession] of this.#sessions) if (!isOpen(other, itsSession)) this.#sessions.delete(other);
    this.#nextLookAt = Math.max(FIRST_LOOK_AT, 2 * this.#sessions.size);
  }

  /** @param key of the attempt */
  find(key: string): Session | undefined {
    return this.#sessions.get(key);
  }

  /** Its code has ended. */
  delete(key: string): void {
    this.#sessions.delete(key);
  }
}

function isOpen(key: string, session: Session): boolean {
  return !session.isClosed && session.abandoned.has(key);
}
