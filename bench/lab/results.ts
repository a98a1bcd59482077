import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Figure } from "./figures.ts";
import type { Conditions } from "./machine.ts";

export interface Results {
  conditions: Conditions;
  sections: SectionResults[];
}

export interface SectionResults {
  name: string;
  title: string;
  seconds: number;
  /** Part of the machine's processor time that went to other processes meanwhile, in percent. */
  othersPercent: number;
  figures: Figure[];
  failure?: string;
}

/** Writes `results/<date>T<time>-<commit>.json`, so that no run writes over another. @returns its path */
export async function writeResults(results: Results): Promise<string> {
  const { startedAt, commit, isDirty } = results.conditions;
  const folder = fileURLToPath(new URL("../results/", import.meta.url));
  await mkdir(folder, { recursive: true });
  const path = `${folder}${startedAt.slice(0, 16).replace(":", "")}-${commit}${isDirty ? "-dirty" : ""}.json`;
  await writeFile(path, `${JSON.stringify(results, round, 2)}\n`);
  return path;
}

/** More digits than four tell nothing about a measurement. */
function round(_key: string, value: unknown): unknown {
  if (typeof value !== "number" || !Number.isFinite(value) || Number.isInteger(value)) return value;
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
}
