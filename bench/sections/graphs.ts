import type { Figure } from "../lab/figures.ts";
import { percentile } from "../lab/spread.ts";
import { WIDE_TASKS } from "../programs/workload.ts";
import { bulk } from "./load.ts";
import type { Section } from "./section.ts";
import { throughputFigure } from "./throughput.ts";

const DIAMONDS = 4000;
const WIDE = 20;

/** Workflows of more than one task. */
export const graphs: Section = {
  name: "graphs",
  title: `Workflows of four tasks, and of ${WIDE_TASKS}; own SDK`,
  isQuick: true,
  async run(lab): Promise<Figure[]> {
    const stage = await lab.stage({ slots: 1000 });
    const diamonds = { name: "diamond", tasksPerRun: 4 } as const;
    await bulk(lab, stage, { ...diamonds, count: 500 });
    const measured = [];
    for (let run = 0; run < lab.options.runs; run++)
      measured.push(await bulk(lab, stage, { ...diamonds, count: DIAMONDS }));
    const single = (await stage.client.call<number[]>("oneByOne", { name: "diamond", count: 200 })).sort(
      (a, b) => a - b,
    );
    const wideSingle = await stage.client.call<number[]>("oneByOne", { name: "wide", count: 5 });
    const wide = await bulk(lab, stage, { name: "wide", count: WIDE, tasksPerRun: WIDE_TASKS });
    return [
      { ...throughputFigure("a, b and c, d: in bulk", measured), unit: "runs/s" },
      { what: "a, b and c, d: one at a time, sent → result, P50", value: percentile(single, 0.5), unit: "ms" },
      { what: "a, b and c, d: one at a time, sent → result, P99", value: percentile(single, 0.99), unit: "ms" },
      {
        ...throughputFigure(`1, ${WIDE_TASKS - 2}, 1: ${WIDE} runs in bulk`, [wide]),
        value: wide.perSecond * WIDE_TASKS,
        unit: "tasks/s",
        spread: undefined,
      },
      { what: `1, ${WIDE_TASKS - 2}, 1: one at a time, sent → result`, value: Math.min(...wideSingle), unit: "ms" },
    ];
  },
};
