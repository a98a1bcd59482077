import type { Figure } from "../lab/figures.ts";
import { checkInvariants, countFinished } from "../lab/invariants.ts";
import type { Lab, Stage } from "../lab/lab.ts";
import { percentile } from "../lab/spread.ts";
import { withinLimit } from "../lab/within-limit.ts";
import type { OfferedLoad } from "../programs/offered-load.ts";
import type { SdkKind } from "../programs/sdk.ts";
import { untilAllStored } from "./load.ts";
import type { Section } from "./section.ts";

interface Offered {
  kind: SdkKind;
  perSecond: number;
  seconds: number;
  budget?: { p50: number; p99: number };
}

/** How soon a task starts while others keep coming. */
export const latency: Section = {
  name: "latency",
  title: "Trigger to start of the task's code, at times that were set beforehand, slots free",
  isQuick: true,
  async run(lab) {
    const factor = lab.options.isLong ? 3 : 1;
    const own = { kind: "own", perSecond: 500, seconds: 10 * factor, budget: { p50: 2.5, p99: 12 } } as const;
    const published = { kind: "published", perSecond: 100, seconds: 10 * factor } as const;
    const figures = await offeredTo(lab, own);
    await lab.clear();
    return [...figures, ...(await offeredTo(lab, published))];
  },
};

async function offeredTo(lab: Lab, offered: Offered): Promise<Figure[]> {
  const stage = await lab.stage({ kind: offered.kind, slots: 200 });
  await measureOffered(lab, stage, { ...offered, seconds: 3 });
  return measureOffered(lab, stage, offered);
}

/** Offers a load to a stage. @returns the times, and what the database says afterwards */
export async function measureOffered(lab: Lab, stage: Stage, offered: Offered): Promise<Figure[]> {
  const { kind, perSecond, seconds, budget } = offered;
  const count = perSecond * seconds;
  const since = await countFinished(stage.db);
  await stage.worker.call("reset", count);
  await lab.postgres.settle();
  const load = await stage.client.call<OfferedLoad>("offeredLoad", { perSecond, count });
  await withinLimit("the start of all tasks", stage.worker.call("counted", count));
  await untilAllStored(stage);
  const startTimes = await stage.worker.call<Float64Array>("startTimes");
  const check = await checkInvariants(stage.db, since, { runIds: [], children: count });
  const started = differences(startTimes, load.scheduledAt);
  const who = `${kind === "own" ? "own SDK" : "published client"}, ${perSecond}/s offered`;
  const details = {
    "P50 from the moment it was really sent": percentile(differences(startTimes, load.sentAt), 0.5),
    "P99 of that": percentile(differences(startTimes, load.sentAt), 0.99),
    "P50 until the trigger was answered": percentile(differences(load.acknowledgedAt, load.sentAt), 0.5),
    samples: count,
  };
  return [
    {
      what: `${who}: due → started, P50`,
      value: percentile(started, 0.5),
      unit: "ms",
      ...(budget && { budget: { atMost: budget.p50 } }),
      details,
      check,
    },
    {
      what: `${who}: due → started, P99`,
      value: percentile(started, 0.99),
      unit: "ms",
      ...(budget && { budget: { atMost: budget.p99 } }),
    },
    { what: `${who}: due → started, longest`, value: percentile(started, 1), unit: "ms" },
  ];
}

function differences(later: Float64Array, earlier: Float64Array): Float64Array {
  return later.map((at, n) => at - (earlier[n] as number)).sort();
}
