import { setTimeout } from "node:timers/promises";
import type { Figure } from "../lab/figures.ts";
import { checkInvariants, countFinished } from "../lab/invariants.ts";
import { type Lab, perTask, type Stage } from "../lab/lab.ts";
import { otherTenant } from "../lab/other-tenant.ts";
import type { Program } from "../lab/program.ts";
import { percentile } from "../lab/spread.ts";
import { withinLimit } from "../lab/within-limit.ts";
import type { OfferedLoad } from "../programs/offered-load.ts";
import { untilAllStored } from "./load.ts";
import type { Section } from "./section.ts";

const QUIET_PER_SECOND = 50;
const LOUD_PER_SECOND = 100 * QUIET_PER_SECOND;
/** Runs of one call: a program with so much to say says it together. */
const PER_CALL = 50;
const SECONDS = 15;
const WARM_UP_SECONDS = 5;
const SLOTS = 200;
const LOUD_SLOTS = 1000;

/** A tenant with little to do beside one with a hundred times the load, on one engine; each has client and worker of its own. */
export const fairness: Section = {
  name: "fairness",
  title: `A tenant with ${QUIET_PER_SECOND} runs a second, alone and beside one with a hundred times as many; own SDK`,
  isQuick: false,
  async run(lab) {
    const stage = await lab.stage({ slots: SLOTS });
    const loud = await loudTenant(lab, stage);
    // What compiles a path that no run took before is not how tenants share.
    await Promise.all([quiet(stage, WARM_UP_SECONDS), hundredfold(loud.client, WARM_UP_SECONDS)]);
    await untilAllStored(stage);
    const since = await countFinished(stage.db);
    const before = lab.processorTimes(stage);
    const waits: Record<keyof typeof BESIDE, number[]> = { alone: [], hundredfold: [], flood: [] };
    let tasks = 0;
    // Taken in turn, so that whatever else the machine does meets all of them.
    for (let run = 0; run < lab.options.runs; run++) {
      for (const beside of Object.keys(BESIDE) as (keyof typeof BESIDE)[]) {
        const [started, others] = await Promise.all([quiet(stage, SECONDS), BESIDE[beside](loud.client)]);
        waits[beside].push(...started);
        tasks += started.length + others;
        await untilAllStored(stage);
        await setTimeout(1000);
      }
    }
    const check = await checkInvariants(stage.db, since, { runIds: [], children: tasks });
    const spent = perTask(before, lab.processorTimes(stage), tasks);
    return figuresOf(waits, { ...spent, tasks }, check);
  },
};

/** What the loud one does meanwhile. @returns how many tasks it started */
const BESIDE = {
  alone: async () => 0,
  hundredfold: (client: Program): Promise<number> => hundredfold(client, SECONDS),
  flood: (client: Program): Promise<number> =>
    withinLimit("the flood", client.call("flood", { perCall: LOUD_SLOTS, lanes: 2, ms: SECONDS * 1000 })),
};

/** @returns how many runs it started */
async function hundredfold(client: Program, seconds: number): Promise<number> {
  const calls = { perSecond: LOUD_PER_SECOND / PER_CALL, count: (LOUD_PER_SECOND / PER_CALL) * seconds };
  await withinLimit("the loud tenant's triggers", client.call("offeredCalls", { ...calls, perCall: PER_CALL }));
  return calls.count * PER_CALL;
}

async function loudTenant(lab: Lab, { db, engine }: Stage): Promise<{ client: Program }> {
  const access = { kind: "own", token: await otherTenant(db, engine.token) } as const;
  const [worker, client] = await Promise.all([lab.program("worker"), lab.program("client")]);
  await worker.call("start", { ...access, workers: 1, slots: LOUD_SLOTS });
  await client.call("connect", access);
  await withinLimit("the first runs of the loud tenant", client.call("oneByOne", { name: "noop", count: 20 }));
  return { client };
}

/** @returns ms from when each run was due until its code began */
async function quiet({ client, worker }: Stage, seconds: number): Promise<number[]> {
  const count = QUIET_PER_SECOND * seconds;
  await worker.call("reset", count);
  const { scheduledAt } = await client.call<OfferedLoad>("offeredLoad", { perSecond: QUIET_PER_SECOND, count });
  await withinLimit("the start of all tasks of the quiet tenant", worker.call("counted", count));
  const startTimes = await worker.call<Float64Array>("startTimes");
  return [...startTimes].map((at, n) => at - (scheduledAt[n] as number));
}

function figuresOf(
  waits: Record<keyof typeof BESIDE, number[]>,
  details: Record<string, number>,
  check: string,
): Figure[] {
  const at = (beside: keyof typeof BESIDE, share: number) => {
    return percentile(
      [...waits[beside]].sort((a, b) => a - b),
      share,
    );
  };
  const p99 = (what: string, beside: keyof typeof BESIDE): Figure => ({
    what: `quiet tenant, due → started, P99, ${what}`,
    value: at(beside, 0.99),
    unit: "ms",
    details: { P50: at(beside, 0.5), longest: at(beside, 1), samples: waits[beside].length },
  });
  return [
    { ...p99("alone", "alone"), check },
    p99(`beside ${LOUD_PER_SECOND}/s`, "hundredfold"),
    {
      what: "that, as a multiple",
      value: at("hundredfold", 0.99) / at("alone", 0.99),
      unit: "times",
      budget: { atMost: 2 },
      details,
    },
    p99("beside as much as the other can", "flood"),
  ];
}
