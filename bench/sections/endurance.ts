import pg from "pg";
import type { Figure } from "../lab/figures.ts";
import type { Lab, Stage } from "../lab/lab.ts";
import { residentMiB } from "../lab/processor-time.ts";
import { type BulkMeasured, bulk } from "./load.ts";
import type { Section } from "./section.ts";
import { throughputFigure } from "./throughput.ts";

const BACKLOG = 50_000;
const MILLION = 1_000_000;

/** What stays behind after many tasks. */
export const million: Section = {
  name: "million",
  title: "A million tasks, fifty thousand at a time: memory and speed at the end as at the beginning; own SDK",
  isQuick: false,
  async run(lab) {
    const stage = await lab.stage({ slots: 1000 });
    const memory = () => ({ engine: residentMiB(stage.engine.pid), worker: residentMiB(stage.worker.pid) });
    const measured: BulkMeasured[] = [];
    const rounds = MILLION / BACKLOG;
    let early = memory();
    for (let round = 0; round < rounds; round++) {
      measured.push(await bulk(lab, stage, { name: "noop", count: BACKLOG }));
      if (round === 1) early = memory();
    }
    const late = memory();
    const { rows } = await stage.db.query<{ mib: number }>("select pg_total_relation_size('task_run') / 2^20 as mib");
    return [
      { ...throughputFigure("first quarter", measured.slice(0, rounds / 4)), unit: "tasks/s" },
      { ...throughputFigure("last quarter", measured.slice(-rounds / 4)), unit: "tasks/s" },
      {
        what: "engine's memory in RAM at the end",
        value: late.engine,
        unit: "MiB",
        details: { "after 100,000 tasks": early.engine, worker: late.worker, "worker after 100,000": early.worker },
      },
      { what: "the hot table and its indexes at the end", value: rows[0]?.mib ?? Number.NaN, unit: "MiB" },
    ];
  },
};

const ROUNDS = 6;

/** A transaction that stays open keeps vacuum from removing what has died since. */
export const snapshot: Section = {
  name: "snapshot",
  title: `${ROUNDS} backlogs of ${BACKLOG.toLocaleString("en-US")} while somebody holds a snapshot; own SDK`,
  isQuick: false,
  async run(lab) {
    const stage = await lab.stage({ slots: 1000 });
    await bulk(lab, stage, { name: "noop", count: BACKLOG / 5 });
    const free = await bulk(lab, stage, { name: "noop", count: BACKLOG });
    const holder = new pg.Client({ connectionString: stage.databaseUrl, application_name: "bench-snapshot" });
    await holder.connect();
    await holder.query("begin isolation level repeatable read");
    await holder.query("select count(*) from replica");
    const held: BulkMeasured[] = [];
    for (let round = 0; round < ROUNDS; round++) held.push(await bulk(lab, stage, { name: "noop", count: BACKLOG }));
    await holder.end();
    return [
      { ...throughputFigure("no snapshot held", [free]), spread: undefined, unit: "tasks/s" },
      ...[0, ROUNDS - 1].map((round) => {
        const behind = (round * BACKLOG).toLocaleString("en-US");
        const figure = throughputFigure(`held, ${behind} tasks since`, [held[round] as BulkMeasured]);
        return { ...figure, spread: undefined, unit: "tasks/s" };
      }),
      await hotTable(stage),
    ];
  },
};

async function hotTable({ db }: Stage): Promise<Figure> {
  const { rows } = await db.query<{ mib: number }>("select pg_total_relation_size('task_run') / 2^20 as mib");
  return { what: "the hot table and its indexes", value: rows[0]?.mib ?? Number.NaN, unit: "MiB" };
}

/** Used by sections that repeat the main load. */
export async function backlogs(lab: Lab, stage: Stage): Promise<BulkMeasured[]> {
  const measured: BulkMeasured[] = [];
  for (let run = 0; run < lab.options.runs; run++)
    measured.push(await bulk(lab, stage, { name: "noop", count: BACKLOG }));
  return measured;
}
