import pg from "pg";
import { type BenchEngine, startEngine } from "../lab/engine.ts";
import type { Figure } from "../lab/figures.ts";
import { AS_IT_MUST_BE, checkInvariants, countFinished } from "../lab/invariants.ts";
import type { Lab } from "../lab/lab.ts";
import { machineMs, processorMs, processorMsOfFamily } from "../lab/processor-time.ts";
import type { Program } from "../lab/program.ts";
import { spread } from "../lab/spread.ts";
import { throttle } from "../lab/throttle.ts";
import { withinLimit } from "../lab/within-limit.ts";
import type { Bulked } from "../programs/client.ts";
import { untilAllStored } from "./load.ts";
import type { Section } from "./section.ts";

const BACKLOG = 20_000;
const WARM_UP = 5_000;
const SLOTS = 1000;
/**
 * Of the time, for each engine: so little that two of them, their workers, their clients and Postgres find room on two cores.
 * Running freely one engine with what belongs to it keeps both cores busy, and a second one has nothing left to run on.
 */
const SHARE = 0.2;

/** One replica and two on one Postgres: each has a worker and a client of its own. */
export const replicas: Section = {
  name: "replicas",
  title: `${BACKLOG.toLocaleString("en-US")} no-op tasks by one replica and by two on one Postgres; own SDK`,
  isQuick: false,
  async run(lab) {
    const figures: Figure[] = [];
    for (const share of [SHARE, 1]) {
      const one = await measure(lab, 1, share);
      const two = await measure(lab, 2, share);
      const given = share < 1 ? `engines run ${share * 100} % of the time` : "engines run freely";
      const ratio = two.value / one.value;
      figures.push(
        { ...one, what: `one replica, ${given}` },
        { ...two, what: `two replicas, ${given}` },
        { what: `two by one, ${given}`, value: ratio, unit: "times", ...(share < 1 && { budget: { atLeast: 1.6 } }) },
      );
    }
    return figures;
  },
};

interface Replica {
  engine: BenchEngine;
  worker: Program;
  client: Program;
}

async function measure(lab: Lab, count: number, share: number): Promise<Omit<Figure, "what">> {
  const database = `replicas_${count}`;
  const databaseUrl = await lab.postgres.createHelveDatabase(database);
  lab.keep(database, () => lab.postgres.dropDatabase(database));
  const db = lab.keep(new pg.Client({ connectionString: databaseUrl, application_name: "bench" }), (it) => it.end());
  await db.connect();
  const stage: Replica[] = [];
  for (let n = 0; n < count; n++) stage.push(await startReplica(lab, databaseUrl));
  await bulk(lab, db, stage, WARM_UP);
  for (const { engine } of stage) if (share < 1) lab.keep(throttle(engine.pid, share), (release) => release());
  const measured = [];
  for (let run = 0; run < lab.options.runs; run++) measured.push(await bulk(lab, db, stage, BACKLOG));
  await lab.clear();
  const sorted = [...measured].sort((a, b) => a.perSecond - b.perSecond);
  const middle = sorted[sorted.length >> 1] as Measured;
  const check = measured.find((one) => one.check !== AS_IT_MUST_BE)?.check ?? AS_IT_MUST_BE;
  const all = spread(measured.map((one) => one.perSecond));
  return { value: all.median, spread: all, unit: "tasks/s", details: middle.details, check };
}

async function startReplica(lab: Lab, databaseUrl: string): Promise<Replica> {
  const engine = lab.keep(await startEngine({ databaseUrl }), (running) => running.stop());
  const [worker, client] = await Promise.all([lab.program("worker"), lab.program("client")]);
  const access = { kind: "own" as const, token: engine.token };
  await worker.call("start", { ...access, workers: 1, slots: SLOTS });
  await client.call("connect", access);
  await withinLimit("the first runs of a replica", client.call("oneByOne", { name: "noop", count: 20 }));
  return { engine, worker, client };
}

interface Measured {
  perSecond: number;
  details: Record<string, number | string>;
  check: string;
}

/** Every client triggers its part at once; whichever worker has room does it. */
async function bulk(lab: Lab, db: pg.Client, stage: readonly Replica[], count: number): Promise<Measured> {
  const since = await countFinished(db);
  await lab.postgres.settle();
  const part = count / stage.length;
  const before = times(lab, stage);
  const bulked = await Promise.all(
    stage.map(({ client }) => client.call<Bulked>("bulk", { name: "noop", count: part, perCall: part, lanes: 1 })),
  );
  const endedAt = await untilAllStored({ db, client: (stage[0] as Replica).client });
  const after = times(lab, stage);
  const ms = endedAt - Math.min(...bulked.map(({ sentAt }) => sentAt));
  return {
    perSecond: (count / ms) * 1000,
    details: shares(before, after, ms),
    check: await checkInvariants(db, since, { runIds: bulked.flatMap(({ ids }) => ids), tasksPerRun: 1 }),
  };
}

function times(lab: Lab, stage: readonly Replica[]): Record<string, number> {
  const sum = (part: keyof Replica) => stage.reduce((ms, replica) => ms + processorMs(replica[part].pid), 0);
  const postgres = processorMsOfFamily(lab.postgres.pid);
  return {
    clients: sum("client"),
    engines: sum("engine"),
    workers: sum("worker"),
    postgres,
    machine: machineMs().busy,
  };
}

/** What part of a core each kind of process used; `machine` is all there is, other programs included. */
function shares(before: Record<string, number>, after: Record<string, number>, ms: number): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after).map(([part, spent]) => [`${part} % of a core`, ((spent - (before[part] ?? 0)) / ms) * 100]),
  );
}
