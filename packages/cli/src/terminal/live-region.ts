import type { Output } from "../io.ts";

const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
/** To the start of the line, and everything from there on away. */
const CLEAR_BELOW = "\r\u001b[J";

/** Lines at the end of the screen that are drawn again and again, in one write each so that nothing flickers. */
export class LiveRegion {
  readonly #output: Output;
  #drawn = 0;
  #isOpen = false;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Replaces what was drawn. Lines must not be wider than the screen, nor more than it holds. */
  draw(lines: readonly string[]): void {
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : "";
    const open = this.#isOpen ? "" : HIDE_CURSOR;
    this.#output.write(`${open}${up}${CLEAR_BELOW}${lines.map((line) => `${line}\n`).join("")}`);
    this.#drawn = lines.length;
    this.#isOpen = true;
  }

  /** Leaves what was drawn last where it is. May be called twice. */
  close(): void {
    if (this.#isOpen) this.#output.write(SHOW_CURSOR);
    this.#isOpen = false;
    this.#drawn = 0;
  }
}
