import type { Copy } from "./copy.ts";
import { CrashCounter, type RestartPolicy } from "./restart-policy.ts";

/** The place of one copy: processes follow each other in it, and during a roll there are two. */
export class Slot {
  readonly number: number;
  readonly crashes: CrashCounter;
  /** What the next process of it runs. */
  command: readonly string[];
  /** The one in it now. */
  copy: Copy | undefined;
  isGivenUp = false;
  /** It is one too many: no process follows the present one. */
  isClosing = false;
  #next: Copy | undefined;
  #starts = 0;
  readonly #sleepers = new Set<() => void>();

  constructor(number: number, command: readonly string[], policy: RestartPolicy) {
    this.number = number;
    this.command = command;
    this.crashes = new CrashCounter(policy);
  }

  /** `1` for the first process of slot 1, `1.2` for the second. */
  nextName(): string {
    this.#starts++;
    return this.#starts === 1 ? String(this.number) : `${this.number}.${this.#starts}`;
  }

  /** A process that runs already takes the place of the present one, when that has ended. */
  putNext(copy: Copy): void {
    this.#next = copy;
    this.wake();
  }

  takeNext(): Copy | undefined {
    const next = this.#next;
    this.#next = undefined;
    return next;
  }

  /** Resolves after the time, or when it is woken. Without a time only then. */
  woken(limitMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = limitMs === undefined ? undefined : setTimeout(() => wake(), limitMs);
      const wake = () => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      this.#sleepers.add(wake);
    });
  }

  wake(): void {
    for (const wake of [...this.#sleepers]) wake();
  }
}
