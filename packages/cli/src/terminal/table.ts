import type { Output } from "../io.ts";
import { fit, type Paint, painter, printable, type Style } from "./style.ts";

export interface Column<Row> {
  title: string;
  text(row: Row): string;
  style?(row: Row): Style | undefined;
  isNumber?: boolean;
  /** Gives way when the line is too long: the first such column is cut, to this width at least. */
  shrinksTo?: number;
}

const GAP = 2;

/** Rows in columns as wide as their contents; on a terminal no wider than it. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], output: Output): string {
  const paint = painter(output);
  const cells = rows.map((row) => columns.map((column) => printable(column.text(row))));
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...cells.map((line) => [...(line[i] ?? "")].length)),
  );
  if (output.isTerminal) shrink(columns, widths, output.columns);
  const head = line(
    columns,
    widths,
    columns.map((column) => column.title),
    () => "dim",
    paint,
  );
  const body = rows.map((row, r) => line(columns, widths, cells[r] ?? [], (column) => column.style?.(row), paint));
  return [head, ...body].map((text) => `${text}\n`).join("");
}

function shrink<Row>(columns: readonly Column<Row>[], widths: number[], room: number): void {
  let excess = widths.reduce((sum, width) => sum + width, GAP * (widths.length - 1)) - room;
  columns.forEach(({ shrinksTo }, i) => {
    if (shrinksTo === undefined || excess <= 0) return;
    const width = widths[i] as number;
    const cut = Math.min(excess, Math.max(0, width - shrinksTo));
    widths[i] = width - cut;
    excess -= cut;
  });
}

function line<Row>(
  columns: readonly Column<Row>[],
  widths: readonly number[],
  cells: readonly string[],
  styleOf: (column: Column<Row>) => Style | undefined,
  paint: Paint,
): string {
  const parts = columns.map((column, i) => {
    const width = widths[i] as number;
    const text = fit(cells[i] ?? "", width);
    const padding = " ".repeat(Math.max(0, width - [...text].length));
    const style = styleOf(column);
    const painted = style ? paint(style, text) : text;
    return column.isNumber ? padding + painted : painted + padding;
  });
  return parts.join(" ".repeat(GAP)).trimEnd();
}
