import type { Figure } from "../lab/figures.ts";
import { AS_IT_MUST_BE } from "../lab/invariants.ts";
import { spread } from "../lab/spread.ts";
import { type BulkMeasured, bulk } from "./load.ts";
import type { Section } from "./section.ts";

const BACKLOG = 50_000;
const WARM_UP = 10_000;

/** Tasks that the worker may have at a time. With fewer the parts wait for each other instead of working side by side. */
const SLOTS = [2000, 1000] as const;

/** Our SDK on the native stream. */
export const throughput: Section = {
  name: "throughput",
  title: `${BACKLOG.toLocaleString("en-US")} no-op tasks triggered in bulk, until the last result is stored; own SDK`,
  isQuick: true,
  async run(lab) {
    const figures: Figure[] = [];
    for (const slots of SLOTS) {
      const stage = await lab.stage({ slots });
      await bulk(lab, stage, { name: "noop", count: WARM_UP });
      const measured: BulkMeasured[] = [];
      for (let run = 0; run < lab.options.runs; run++) {
        measured.push(await bulk(lab, stage, { name: "noop", count: BACKLOG }));
      }
      const figure = throughputFigure(`own SDK, ${slots} slots: trigger to stored result`, measured);
      figures.push({ ...figure, unit: "tasks/s", ...(slots === SLOTS[0] && { budget: { atLeast: 25_000 } }) });
      figures.push(storedFigure(`own SDK, ${slots} slots: triggers acknowledged`, measured));
      await lab.clear();
    }
    return figures;
  },
};

const PUBLISHED_BACKLOG = 5000;

/** A process of the published client has one thread for all that it does: two of them show more of what the engine can do. */
const PROCESSES = [1, 2] as const;

/** The published client, with a unary call for each report. */
export const published: Section = {
  name: "published",
  title: `${PUBLISHED_BACKLOG.toLocaleString("en-US")} no-op tasks triggered in bulk, until the last result is stored; published client`,
  isQuick: true,
  async run(lab) {
    const figures: Figure[] = [];
    for (const processes of PROCESSES) {
      const stage = await lab.stage({ kind: "published", processes, slots: 1000 });
      await bulk(lab, stage, { name: "noop", count: 2000 });
      const measured: BulkMeasured[] = [];
      for (let run = 0; run < lab.options.runs; run++) {
        measured.push(await bulk(lab, stage, { name: "noop", count: PUBLISHED_BACKLOG }));
      }
      const workers = processes === 1 ? "one worker" : `${processes} workers`;
      const figure = throughputFigure(`published client, ${workers}: trigger to stored result`, measured);
      figures.push({ ...figure, unit: "tasks/s", budget: { atLeast: 1500 } });
      figures.push(storedFigure(`published client, ${workers}: triggers acknowledged`, measured));
      await lab.clear();
    }
    return figures;
  },
};

/** Median of the runs; details are those of the run in the middle, the check is of all. */
export function throughputFigure(what: string, measured: readonly BulkMeasured[]): Omit<Figure, "unit"> {
  const all = spread(measured.map((one) => one.perSecond));
  const sorted = [...measured].sort((a, b) => a.perSecond - b.perSecond);
  const { details } = sorted[sorted.length >> 1] as BulkMeasured;
  const check = measured.find((one) => one.check !== AS_IT_MUST_BE)?.check ?? AS_IT_MUST_BE;
  return { what, value: all.median, spread: all, details, check };
}

function storedFigure(what: string, measured: readonly BulkMeasured[]): Figure {
  const stored = spread(measured.map((one) => one.storedPerSecond));
  return { what, value: stored.median, spread: stored, unit: "tasks/s" };
}
