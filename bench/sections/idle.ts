import { setTimeout } from "node:timers/promises";
import { processorMs, residentMiB } from "../lab/processor-time.ts";
import { countStatements } from "../lab/statement-counts.ts";
import type { Section } from "./section.ts";

const WORKERS = 10;
const SECONDS = 20;

/** What it costs to be there. */
export const idle: Section = {
  name: "idle",
  title: `${WORKERS} workers connected and nothing to do for ${SECONDS} s; own SDK`,
  isQuick: true,
  async run(lab) {
    const stage = await lab.stage({ workers: WORKERS, slots: 100 });
    let cpuMs = Number.NaN;
    const counts = await countStatements(stage.databaseUrl, async () => {
      const before = processorMs(stage.engine.pid);
      await setTimeout(SECONDS * 1000);
      cpuMs = processorMs(stage.engine.pid) - before;
    });
    return [
      { what: "statements", value: counts.statements / SECONDS, unit: "a second", budget: { atMost: 1 } },
      { what: "write transactions", value: counts.writeTransactions / SECONDS, unit: "a second" },
      {
        what: "engine's processor time",
        value: cpuMs / SECONDS / 10,
        unit: "% of a core",
        budget: { atMost: 1 },
      },
      {
        what: "engine's memory in RAM",
        value: residentMiB(stage.engine.pid),
        unit: "MiB",
        budget: { atMost: 200 },
      },
    ];
  },
};
