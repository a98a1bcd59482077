import type { Sample } from "./checks/sampler.ts";
import type { LongResult } from "./long.ts";
import { describeFault } from "./plan/fault.ts";
import type { RoundResult } from "./round.ts";

/** How soon a worker of an engine that is ready again should have a task. */
const FIRST_TASK_MS = 2_000;

/** One line a round; more when something was wrong. */
export function describeRound(result: RoundResult): string {
  const { seed, acknowledged, refused, tasks, requeues, drainMs, violations, times } = result;
  const given = [...refused].map(([reason, count]) => `, ${count} refused as ${reason}`).join("");
  const late = times.firstDispatch.filter((ms) => ms > FIRST_TASK_MS).map((ms) => `, FIRST TASK AFTER ${seconds(ms)}`);
  const counts = `${acknowledged} acknowledged${given}, ${tasks} tasks, ${requeues} requeued${late.join("")}`;
  const faults = result.faults.map(({ kind }) => kind).join(", ");
  const line = `seed ${seed}: ${faults}; ${counts}, over after ${seconds(drainMs)}: `;
  if (violations.length === 0) return `${line}as it must be${result.folder ? `; kept in ${result.folder}` : ""}`;
  return [
    `${line}${violations.length} VIOLATIONS`,
    ...result.faults.map((fault) => `  ${describeFault(fault)}`),
    ...violations.slice(0, 20).map((violation) => `  ! ${violation}`),
    `  kept in ${result.folder}; again: npm run chaos -- --seed ${seed} --replicas ${result.replicas}${result.hasNats ? " --nats" : ""}`,
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

export const SAMPLE_HEADER =
  "minute  runs/s  heap MiB  resident MiB  statements/task  unfinished  rows that break a promise";

export function describeSample({
  minute,
  perSecond,
  memory,
  statementsPerTask,
  unfinished,
  brokenRows,
}: Sample): string {
  const cells: [number | undefined, number, number][] = [
    [minute, 6, 1],
    [perSecond, 8, 1],
    [memory?.heap, 10, 1],
    [memory?.resident, 14, 1],
    [statementsPerTask, 17, 2],
    [unfinished, 12, 0],
    [brokenRows, 11, 0],
  ];
  return cells.map(([value, width, digits]) => (value?.toFixed(digits) ?? "–").padStart(width)).join("");
}

/** What the long form came to. */
export function describeLong(result: LongResult): string {
  const { capacity, perSecond, samples, faults, acknowledged, tasks, drainMs, violations, folder } = result;
  const later = samples.slice(Math.floor(samples.length / 5));
  const slopeOf = (pick: (sample: Sample) => number | undefined): string => {
    const points = later.flatMap((sample) =>
      pick(sample) === undefined ? [] : [[sample.minute, pick(sample) as number] as const],
    );
    return points.length < 2 ? "–" : (slope(points) * 60).toFixed(2);
  };
  const kinds = new Map<string, number>();
  for (const { kind } of faults) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return [
    `${capacity.toFixed(0)} runs/s were possible, ${perSecond.toFixed(0)} offered; ${acknowledged} acknowledged, ${tasks} tasks`,
    `${faults.length} faults: ${[...kinds].map(([kind, count]) => `${count} ${kind}`).join(", ")}`,
    "slopes after the first fifth, in an hour:",
    `  heap after collection ${slopeOf(({ memory }) => memory?.heap)} MiB, resident ${slopeOf(({ memory }) => memory?.resident)} MiB`,
    `  statements a task ${slopeOf(({ statementsPerTask }) => statementsPerTask)}`,
    `over after ${seconds(drainMs)}: ${violations.length === 0 ? "as it must be" : `${violations.length} VIOLATIONS, kept in ${folder}`}`,
    ...violations.slice(0, 40).map((violation) => `  ! ${violation}`),
  ].join("\n");
}

/** By least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, [px, py]) => sum + (px - x) * (py - y), 0);
  return covariance / points.reduce((sum, [px]) => sum + (px - x) ** 2, 0);
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
