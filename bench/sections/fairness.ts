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

/** Runs a second of the quiet tenant, in turn: how far a hundred times as much fills the machine is what matters. */
const LOADS = [20, 50];
const TIMES = 100;
/** Runs of one call: a program with so much to say says it together. */
const PER_CALL = 50;
const SECONDS = 15;
const WARM_UP_SECONDS = 5;
const SLOTS = 200;
const LOUD_SLOTS = 1000;

/** A tenant with little to do beside one with a hundred times the load, on one engine; each has client and worker of its own. */
export const fairness: Section = {
  name: "fairness",
  title: `A tenant with ${LOADS.join(" or ")} runs a second, alone and beside one with a hundred times as many; own SDK`,
  isQuick: false,
  async run(lab) {
    const stage = await lab.stage({ slots: SLOTS });
    const loud = await loudTenant(lab, stage);
    // What compiles a path that no run took before is not how tenants share.
    const most = Math.max(...LOADS);
    await Promise.all([quiet(stage, most, WARM_UP_SECONDS), besides(loud.client, most, WARM_UP_SECONDS)]);
    await untilAllStored(stage);
    const since = await countFinished(stage.db);
    const before = lab.processorTimes(stage);
    const loads = LOADS.map((perSecond): Waits => ({ perSecond, alone: [], hundredfold: [] }));
    const flooded: number[] = [];
    let tasks = 0;
    async function beside(perSecond: number, others: Promise<number>): Promise<number[]> {
      const [started, count] = await Promise.all([quiet(stage, perSecond, SECONDS), others]);
      tasks += started.length + count;
      await untilAllStored(stage);
      await setTimeout(1000);
      return started;
    }
    // Taken in turn, so that whatever else the machine does meets all of them.
    for (let run = 0; run < lab.options.runs; run++) {
      for (const { perSecond, alone, hundredfold } of loads) {
        alone.push(...(await beside(perSecond, Promise.resolve(0))));
        hundredfold.push(...(await beside(perSecond, besides(loud.client, perSecond, SECONDS))));
      }
    }
    // Last: Postgres is busy with what a flood leaves behind for a while.
    for (let run = 0; run < lab.options.runs; run++) flooded.push(...(await beside(most, flood(loud.client))));
    const check = await checkInvariants(stage.db, since, { runIds: [], children: tasks });
    const spent = perTask(before, lab.processorTimes(stage), tasks);
    return [
      ...loads.flatMap((load) => figuresOf(load, { ...spent, tasks }, check)),
      figureOf(`${most}/s, beside as much as the other can`, flooded),
    ];
  },
};

/** Ms from when each run of the quiet tenant was due until its code began. */
interface Waits {
  perSecond: number;
  alone: number[];
  hundredfold: number[];
}

/** What the loud one does meanwhile. @returns how many runs it started */
async function besides(client: Program, quietPerSecond: number, seconds: number): Promise<number> {
  const perSecond = (quietPerSecond * TIMES) / PER_CALL;
  const calls = { perSecond, count: perSecond * seconds };
  await withinLimit("the loud tenant's triggers", client.call("offeredCalls", { ...calls, perCall: PER_CALL }));
  return calls.count * PER_CALL;
}

/** As much as it can. @returns how many runs it started */
function flood(client: Program): Promise<number> {
  return withinLimit("the flood", client.call("flood", { perCall: LOUD_SLOTS, lanes: 2, ms: SECONDS * 1000 }));
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
async function quiet({ client, worker }: Stage, perSecond: number, seconds: number): Promise<number[]> {
  const count = perSecond * seconds;
  await worker.call("reset", count);
  const { scheduledAt } = await client.call<OfferedLoad>("offeredLoad", { perSecond, count });
  await withinLimit("the start of all tasks of the quiet tenant", worker.call("counted", count));
  const startTimes = await worker.call<Float64Array>("startTimes");
  return [...startTimes].map((at, n) => at - (scheduledAt[n] as number));
}

function figuresOf({ perSecond, alone, hundredfold }: Waits, details: Record<string, number>, check: string): Figure[] {
  const before = figureOf(`${perSecond}/s, alone`, alone);
  const beside = figureOf(`${perSecond}/s, beside ${perSecond * TIMES}/s`, hundredfold);
  const multiple = { value: beside.value / before.value, unit: "times", budget: { atMost: 2 }, details };
  return [{ ...before, check }, beside, { what: `that, as a multiple, with ${perSecond}/s`, ...multiple }];
}

function figureOf(what: string, waits: number[]): Figure {
  const sorted = [...waits].sort((a, b) => a - b);
  const at = (share: number) => percentile(sorted, share);
  return {
    what: `quiet tenant, due → started, P99, ${what}`,
    value: at(0.99),
    unit: "ms",
    details: { P50: at(0.5), longest: at(1), samples: waits.length },
  };
}
