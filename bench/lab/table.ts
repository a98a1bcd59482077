import { type Figure, isMet } from "./figures.ts";

/** Lines for people, one a figure, then its details. */
export function renderFigures(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.what,
    `${show(figure.value)} ${figure.unit}`,
    spreadOf(figure),
    budgetOf(figure),
    figure.check ?? "",
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return figures
    .map((figure, index) => {
      const cells = (rows[index] as string[]).map((cell, column) => cell.padEnd(widths[column] ?? 0));
      return [`  ${cells.join("  ").trimEnd()}`, ...detailsOf(figure)].join("\n");
    })
    .join("\n");
}

/** Three digits that mean something. */
export function show(value: number): string {
  if (Number.isNaN(value)) return "–";
  if (value >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

function spreadOf({ spread }: Figure): string {
  return spread ? `(${show(spread.min)}–${show(spread.max)})` : "";
}

function budgetOf(figure: Figure): string {
  const { budget, value } = figure;
  if (!budget) return "";
  const wanted = "atLeast" in budget ? `≥ ${show(budget.atLeast)}` : `≤ ${show(budget.atMost)}`;
  if (Number.isNaN(value)) return `budget ${wanted}: not measured`;
  return `budget ${wanted}: ${isMet(figure) ? "met" : "MISSED"}`;
}

function detailsOf({ details }: Figure): string[] {
  if (!details) return [];
  const parts = Object.entries(details).map(
    ([name, value]) => `${name}: ${typeof value === "number" ? show(value) : value}`,
  );
  return [`      ${parts.join(", ")}`];
}
