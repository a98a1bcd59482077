/**
 * Tells up to which frame everything is durable. Frames are carried out side by side and become durable in any order; the
 * answer is the last one before the first that is not.
 */
export class Acknowledgements {
  readonly #onDurable: (through: number) => void;
  readonly #waiting: { number: number; isDurable: boolean }[] = [];

  /** @param onDurable called with the number of a frame when it and all before it are durable */
  constructor(onDurable: (through: number) => void) {
    this.#onDurable = onDurable;
  }

  /** Takes note of the next frame. @returns call when all of it is durable */
  begin(number: number): () => void {
    const entry = { number, isDurable: false };
    this.#waiting.push(entry);
    return () => {
      entry.isDurable = true;
      this.#advance();
    };
  }

  #advance(): void {
    const firstOpen = this.#waiting.findIndex(({ isDurable }) => !isDurable);
    const count = firstOpen === -1 ? this.#waiting.length : firstOpen;
    if (count === 0) return;
    const last = this.#waiting.splice(0, count).at(-1);
    if (last) this.#onDurable(last.number);
  }
}
