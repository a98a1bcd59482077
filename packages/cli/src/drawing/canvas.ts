import type { Paint, Style } from "../terminal/style.ts";

const LEFT = 1;
const RIGHT = 2;
const UP = 4;
const DOWN = 8;

/** By which sides of the cell a line touches; one that ends in a cell is drawn through. */
const BOXES = " ───│┘└┴│┐┌┬│┤├┼";

interface Cell {
  text: string;
  style: Style | undefined;
  sides: number;
}

/** Characters on a grid, where lines that meet become one line with corners and crossings. */
export class Canvas {
  readonly #rows: Cell[][] = [];

  /** A line along a row, from the middle of one cell to the middle of another. */
  horizontal(row: number, from: number, to: number): void {
    for (let x = from; x <= to; x++) {
      const cell = this.#cell(row, x);
      if (x > from) cell.sides |= LEFT;
      if (x < to) cell.sides |= RIGHT;
    }
  }

  /** A line along a column, likewise. */
  vertical(x: number, from: number, to: number): void {
    for (let row = Math.min(from, to); row <= Math.max(from, to); row++) {
      const cell = this.#cell(row, x);
      if (row > Math.min(from, to)) cell.sides |= UP;
      if (row < Math.max(from, to)) cell.sides |= DOWN;
    }
  }

  /** A text, over whatever is there. */
  text(row: number, x: number, text: string, style?: Style): void {
    [...text].forEach((letter, i) => {
      Object.assign(this.#cell(row, x + i), { text: letter, style });
    });
  }

  /** The grid as lines of text, without blanks at their ends. */
  lines(paint: Paint): string[] {
    return this.#rows.map((cells) => {
      let line = "";
      for (let x = 0; x < cells.length; ) {
        const style = styleOf(cells[x]);
        let end = x;
        let run = "";
        for (; end < cells.length && styleOf(cells[end]) === style; end++) run += letterOf(cells[end]);
        const isLast = end === cells.length;
        const shown = isLast ? run.trimEnd() : run;
        line += style ? paint(style, shown) : shown;
        x = end;
      }
      return line;
    });
  }

  #cell(row: number, x: number): Cell {
    while (this.#rows.length <= row) this.#rows.push([]);
    const cells = this.#rows[row] as Cell[];
    while (cells.length <= x) cells.push({ text: "", style: undefined, sides: 0 });
    return cells[x] as Cell;
  }
}

function letterOf(cell: Cell | undefined): string {
  return cell?.text || BOXES[cell?.sides ?? 0] || " ";
}

/** Lines are there to be followed, not to be read. */
function styleOf(cell: Cell | undefined): Style | undefined {
  return cell?.text ? cell.style : cell?.sides ? "dim" : undefined;
}
