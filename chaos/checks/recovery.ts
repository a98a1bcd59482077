import type { Recoveries } from "../stage/harm.ts";
import type { Journal } from "./journal.ts";

/** How soon work went on, in ms. */
export interface RecoveryTimes {
  /** From the start of an engine's process until tasks could run there. */
  engineReady: number[];
  /** From then until a worker of it started a task. Not counted where something that this takes was harmed meanwhile. */
  firstDispatch: number[];
  /** From when Postgres served again until tasks started at the usual rate. */
  fullSpeed: number[];
}

const WINDOW_MS = 500;
/** Part of the usual rate that counts as full speed. */
const FULL = 0.8;

/**
 * Read from the journals. Moments without load behind them give nothing.
 *
 * @param load when it was offered
 */
export function recoveryTimes(
  recoveries: Recoveries,
  journals: readonly Journal[],
  load: { from: number; to: number },
): RecoveryTimes {
  const startsOf = (of: readonly Journal[]): number[] =>
    of.flatMap(({ lines }) => lines.flatMap(({ what, at }) => (what === "started" ? [at] : []))).sort((a, b) => a - b);
  const starts = startsOf(journals).filter((at) => at >= load.from && at < load.to);
  const usual = (starts.length / (load.to - load.from)) * WINDOW_MS;
  const times: RecoveryTimes = { engineReady: [], firstDispatch: [], fullSpeed: [] };
  for (const { engine, startedAt, readyAt, workers } of recoveries.engines) {
    times.engineReady.push(readyAt - startedAt);
    const own = journals.filter(({ worker }) => workers.some((n) => worker === `worker-${n}`));
    const first = startsOf(own).find((at) => at >= startedAt);
    if (readyAt >= load.to || first === undefined) continue;
    const wasWell = (target: string): boolean =>
      !recoveries.harmed.some(
        ({ target: harmed, from, to }) =>
          harmed === target && from < first && (target === `engine ${engine}` ? from >= readyAt : to > readyAt),
      );
    const engineWasWell = ["postgres", `engine ${engine}`, `link of database ${engine}`].every(wasWell);
    const aWorkerWasWell = workers.some((n) => wasWell(`worker ${n}`) && wasWell(`link of worker ${n}`));
    if (engineWasWell && aWorkerWasWell) times.firstDispatch.push(Math.max(0, first - readyAt));
  }
  for (const backAt of recoveries.postgres) {
    for (let from = backAt; from + WINDOW_MS <= load.to; from += WINDOW_MS / 10) {
      const count = starts.filter((at) => at >= from && at < from + WINDOW_MS).length;
      if (count < usual * FULL) continue;
      times.fullSpeed.push(from - backAt);
      break;
    }
  }
  return times;
}
