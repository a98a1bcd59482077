import type { Spread } from "./spread.ts";

/** One line of the table. */
export interface Figure {
  what: string;
  value: number;
  unit: string;
  /** Of the repetitions that `value` is the median of. */
  spread?: Spread | undefined;
  /** What the design asks for. */
  budget?: Budget | undefined;
  /** Further figures of the same run, and under what conditions it was. */
  details?: Readonly<Record<string, number | string>> | undefined;
  /** What the look into the database after the run found; undefined where there is nothing to look for. */
  check?: "as it must be" | (string & {}) | undefined;
}

export type Budget = { atLeast: number } | { atMost: number };

/** Whether a figure keeps its budget; undefined without one. */
export function isMet({ value, budget }: Figure): boolean | undefined {
  if (!budget) return undefined;
  return "atLeast" in budget ? value >= budget.atLeast : value <= budget.atMost;
}
