import { describeFault } from "./plan/fault.ts";
import type { RoundResult } from "./round.ts";

/** One line a round; more when something was wrong. */
export function describeRound(result: RoundResult): string {
  const { seed, acknowledged, refused, tasks, requeues, drainMs, violations } = result;
  const counts = `${acknowledged} acknowledged, ${refused} refused, ${tasks} tasks, ${requeues} requeued`;
  const faults = result.faults.map(({ kind }) => kind).join(", ");
  const line = `seed ${seed}: ${faults}; ${counts}, over after ${seconds(drainMs)}: `;
  if (violations.length === 0) return `${line}as it must be`;
  return [
    `${line}${violations.length} VIOLATIONS`,
    ...result.faults.map((fault) => `  ${describeFault(fault)}`),
    ...violations.slice(0, 20).map((violation) => `  ! ${violation}`),
    `  kept in ${result.folder}; again: npm run chaos -- --seed ${seed} --rounds 1`,
  ].join("\n");
}

/** What all rounds came to. */
export function describeAll(results: readonly RoundResult[]): string {
  const failed = results.filter(({ violations }) => violations.length > 0);
  const times = (pick: (result: RoundResult) => readonly number[]) => spread(results.flatMap(pick));
  return [
    `${results.length} rounds, ${failed.length} with violations${failed.length > 0 ? `: seeds ${failed.map(({ seed }) => seed).join(", ")}` : ""}`,
    "                                                      min    median       max",
    `engine started again, until it is ready          ${times(({ times }) => times.engineReady)}`,
    `engine ready, until a worker of it starts a task ${times(({ times }) => times.firstDispatch)}`,
    `Postgres serves again, until full speed          ${times(({ times }) => times.fullSpeed)}`,
    `end of the load, until the last run has ended    ${times(({ drainMs }) => [drainMs])}`,
  ].join("\n");
}

function spread(values: readonly number[]): string {
  if (values.length === 0) return "        –         –         –";
  const sorted = [...values].sort((a, b) => a - b);
  const shown = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)] as number[];
  return `${shown.map((value) => seconds(value).padStart(9)).join(" ")}  (${values.length})`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
