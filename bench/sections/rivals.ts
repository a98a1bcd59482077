import type { Figure } from "../lab/figures.ts";
import type { Lab } from "../lab/lab.ts";
import { REDIS_SETTINGS, startRedis } from "../lab/redis.ts";
import { percentile, spread } from "../lab/spread.ts";
import type { Filled } from "../programs/rival.ts";
import type { Section } from "./section.ts";

const SAMPLES = 300;

interface Rival {
  title: string;
  /** In `programs/`. */
  program: string;
  jobs: number;
  conditions: string;
}

const ON_POSTGRES: Rival[] = [
  {
    title: "graphile-worker",
    program: "graphile-worker",
    jobs: 50_000,
    conditions: "24 jobs at a time, local queue of 500, batched completion; finished jobs are deleted",
  },
  {
    title: "pg-boss",
    program: "pg-boss",
    jobs: 20_000,
    conditions: "2 workers, batches of 500, burst mode, a batch completed as one; finished jobs are kept",
  },
];

const BULLMQ: Rival = {
  title: "BullMQ",
  program: "bullmq",
  jobs: 20_000,
  conditions: `200 jobs at a time; Redis with ${REDIS_SETTINGS}; finished jobs are removed`,
};

/** What others do with the same work on the same machine. */
export const rivals: Section = {
  name: "rivals",
  title: "Other queues: a backlog of no-op jobs stored, then worked off; then one at a time",
  isQuick: true,
  async run(lab) {
    const figures: Figure[] = [];
    for (const rival of ON_POSTGRES) {
      const url = () => lab.postgres.createDatabase(`rival_${rival.program.replace("-", "_")}`);
      figures.push(...(await measure(lab, rival, url)));
    }
    const redis = await startRedis();
    if (!redis) {
      figures.push({
        what: "BullMQ",
        value: Number.NaN,
        unit: "jobs/s",
        details: { skipped: "redis-server is not installed" },
      });
      return figures;
    }
    lab.keep(redis, (running) => running.stop());
    figures.push(...(await measure(lab, BULLMQ, async () => redis.url)));
    return figures;
  },
};

async function measure(
  lab: Lab,
  { title, program, jobs, conditions }: Rival,
  newUrl: () => Promise<string>,
): Promise<Figure[]> {
  const fills: number[] = [];
  const works: number[] = [];
  const totals: number[] = [];
  for (let run = 0; run < lab.options.runs; run++) {
    const url = await newUrl();
    const [filler, worker] = [await lab.program(program), await lab.program(program)];
    await worker.call("prepare", { url });
    await lab.postgres.settle();
    const filled = await filler.call<Filled>("fill", { url, count: jobs });
    const workedMs = await worker.call<number>("work", { url, count: jobs });
    fills.push((jobs / filled.ms) * 1000);
    works.push((jobs / workedMs) * 1000);
    totals.push((jobs / (filled.ms + workedMs)) * 1000);
    await filler.end();
    await worker.end();
  }
  const worked = spread(works);
  const total = spread(totals);
  const details = { jobs, stored: `${Math.round(spread(fills).median)}/s`, conditions };
  return [
    { what: `${title}: backlog worked off`, value: worked.median, spread: worked, unit: "jobs/s", details },
    { what: `${title}: stored and worked off`, value: total.median, spread: total, unit: "jobs/s" },
    ...(await latency(lab, title, program, await newUrl())),
  ];
}

async function latency(lab: Lab, title: string, program: string, url: string): Promise<Figure[]> {
  const [filler, worker] = [await lab.program(program), await lab.program(program)];
  await worker.call("prepare", { url });
  await worker.call("work", { url, count: SAMPLES, isForLatency: true });
  const times: number[] = [];
  for (let number = 1; number <= SAMPLES; number++) {
    const { sentAt } = await filler.call<Filled>("fill", { url, count: 1 });
    const startedAt = await worker.call<number>("start", number);
    times.push(startedAt - sentAt);
  }
  await filler.end();
  await worker.end();
  // The first ones open connections and compile.
  const sorted = times.slice(20).sort((a, b) => a - b);
  return [
    { what: `${title}: sent → started, one at a time, P50`, value: percentile(sorted, 0.5), unit: "ms" },
    { what: `${title}: sent → started, one at a time, P99`, value: percentile(sorted, 0.99), unit: "ms" },
  ];
}
