import type { helve } from "@helve/contracts";

/**
 * What was written and is not yet durable on the other side, in the order of writing. Frames are kept whole: when the
 * stream breaks they are what is written first on the next one, under new numbers.
 *
 * Sending a frame twice is harmless for reports (the engine takes the end of an attempt once), labels and slots; a log
 * line may then stand twice.
 */
export class UnacknowledgedFrames {
  #frames: helve.WorkerFrame[] = [];
  #waitingSince = 0;

  get size(): number {
    return this.#frames.length;
  }

  /** For how long, in ms, none has become durable of those that wait for it; 0 when none waits. */
  get waitingMs(): number {
    return this.#frames.length === 0 ? 0 : performance.now() - this.#waitingSince;
  }

  add(frame: helve.WorkerFrame): void {
    if (this.#frames.length === 0) this.#waitingSince = performance.now();
    this.#frames.push(frame);
  }

  /** Everything up to this number is durable. */
  acknowledge(durableThrough: number): void {
    this.#waitingSince = performance.now();
    const first = this.#frames.findIndex((frame) => frame.number > durableThrough);
    if (first === -1) this.#frames = [];
    else if (first > 0) this.#frames.splice(0, first);
  }

  /** Takes all of them, to be written again. */
  takeAll(): helve.WorkerFrame[] {
    const frames = this.#frames;
    this.#frames = [];
    return frames;
  }
}
