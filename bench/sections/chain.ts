import type { Figure } from "../lab/figures.ts";
import { checkInvariants, countFinished } from "../lab/invariants.ts";
import type { Lab } from "../lab/lab.ts";
import { percentile, spread } from "../lab/spread.ts";
import { withinLimit } from "../lab/within-limit.ts";
import type { SdkKind } from "../programs/sdk.ts";
import { untilAllStored } from "./load.ts";
import type { Section } from "./section.ts";

const HOPS = 400;

/** Tasks one after the other, each started by the code of the last. */
export const chain: Section = {
  name: "chain",
  title: `${HOPS} tasks, each started by the last; and runs awaited one at a time`,
  isQuick: true,
  async run(lab) {
    const own = await measureChain(lab, "own");
    await lab.clear();
    return [...own, ...(await measureChain(lab, "published"))];
  },
};

async function measureChain(lab: Lab, kind: SdkKind): Promise<Figure[]> {
  const stage = await lab.stage({ kind, slots: 100 });
  const who = kind === "own" ? "own SDK" : "published client";
  const hops: number[] = [];
  let check = "";
  await stage.client.call("oneByOne", { name: "hop", count: 1, input: { left: 50 } });
  await untilAllStored(stage);
  for (let run = 0; run < lab.options.runs; run++) {
    const since = await countFinished(stage.db);
    await stage.worker.call("reset", 0);
    const { sentAt, ids } = await stage.client.call<{ sentAt: number; ids: string[] }>("one", {
      name: "hop",
      input: { left: HOPS - 1 },
    });
    await withinLimit("the end of the chain", stage.worker.call("counted", HOPS));
    const endAt = await stage.client.call<number>("now");
    await untilAllStored(stage);
    hops.push((endAt - sentAt) / HOPS);
    check = await checkInvariants(stage.db, since, { runIds: ids, children: HOPS - 1 });
  }
  const perHop = spread(hops);
  const awaited = (await stage.client.call<number[]>("oneByOne", { name: "noop", count: 300 })).sort((a, b) => a - b);
  return [
    {
      what: `${who}: chain`,
      value: perHop.median,
      spread: perHop,
      unit: "ms a hop",
      ...(kind === "own" && { budget: { atMost: 3 } }),
      check,
    },
    { what: `${who}: one at a time, sent → result, P50`, value: percentile(awaited, 0.5), unit: "ms" },
    { what: `${who}: one at a time, sent → result, P99`, value: percentile(awaited, 0.99), unit: "ms" },
  ];
}
