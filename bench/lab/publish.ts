import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Figure, isMet } from "./figures.ts";
import type { Results } from "./results.ts";
import { show } from "./table.ts";

const PAGE = fileURLToPath(new URL("../../docs/reference/performance.md", import.meta.url));
const BEGIN = "<!-- figures: written by `npm run bench -- --publish FILE` -->";
const END = "<!-- end of figures -->";

/** Puts the figures of a file of results into the page about performance. What explains them there is written by hand. */
export async function publish(file: string): Promise<void> {
  // JSON knows no NaN, which stands for what could not be measured.
  const results = JSON.parse(await readFile(file, "utf8"), (key, value: unknown) =>
    key === "value" && value === null ? Number.NaN : value,
  ) as Results;
  const page = await readFile(PAGE, "utf8");
  const [before, rest = ""] = page.split(BEGIN);
  const after = rest.split(END)[1];
  if (after === undefined) throw new Error(`${PAGE} has no place for figures: it must hold «${BEGIN}» and «${END}»`);
  await writeFile(PAGE, `${before}${BEGIN}\n\n${renderPage(results)}\n${END}${after}`);
}

/** The conditions in a sentence, then a table of all figures, section by section. */
export function renderPage({ conditions, sections }: Results): string {
  const { startedAt, processor, cores, memoryGiB, node, postgres, commit } = conditions;
  const others = [...new Set(sections.map(({ othersPercent }) => othersPercent))].sort((a, b) => a - b);
  const rows = sections.flatMap(({ name, figures, failure }) =>
    failure === undefined ? figures.map((figure) => row(name, figure)) : [`| ${name} | failed | | | |`],
  );
  return [
    `${startedAt.slice(0, 10)}, commit ${commit}: ${processor}, ${cores} cores, ${memoryGiB} GiB, Node ${node.slice(1)}, ` +
      `PostgreSQL ${postgres.server_version}. Other processes used ${others.length > 1 ? `${others[0]} to ${others.at(-1)}` : others[0]} % of the machine.`,
    "",
    "| section | what | measured | budget | database afterwards |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function row(section: string, figure: Figure): string {
  const { what, value, unit, spread, check = "" } = figure;
  const range = spread ? ` (${show(spread.min)}–${show(spread.max)})` : "";
  return `| ${section} | ${what} | ${show(value)} ${unit}${range} | ${budgetOf(figure)} | ${check} |`;
}

function budgetOf(figure: Figure): string {
  const { budget } = figure;
  if (!budget) return "";
  const wanted = "atLeast" in budget ? `≥ ${show(budget.atLeast)}` : `≤ ${show(budget.atMost)}`;
  return `${wanted}: ${isMet(figure) ? "met" : "**missed**"}`;
}
