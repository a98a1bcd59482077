import type pg from "pg";
import type { Figure } from "../lab/figures.ts";
import type { Lab, Stage } from "../lab/lab.ts";
import { backlogs } from "./endurance.ts";
import { measureOffered } from "./latency.ts";
import { bulk } from "./load.ts";
import type { Section } from "./section.ts";
import { throughputFigure } from "./throughput.ts";

const FINISHED = 10_000_000;
const QUEUED = 1_000_000;
const CHUNK = 500_000;

/** Whether a full installation is as fast as an empty one. */
export const flat: Section = {
  name: "flat",
  title: "Speed with nothing stored, and with ten million finished and a million queued task runs; own SDK",
  isQuick: false,
  async run(lab) {
    const stage = await lab.stage({ slots: 1000 });
    await bulk(lab, stage, { name: "noop", count: 10_000 });
    const empty = await measure(lab, stage, "empty");
    const { scale } = lab.options;
    await fill(stage.db, Math.round(FINISHED * scale), Math.round(QUEUED * scale));
    const full = await measure(lab, stage, "full");
    return [
      ...empty,
      ...full.map((figure, index) => withinAFifth(figure, empty[index] as Figure)),
      ...(await sizes(stage.db)),
    ];
  },
};

async function measure(lab: Lab, stage: Stage, state: string): Promise<Figure[]> {
  const speed = throughputFigure(`${state}: backlog of 50,000`, await backlogs(lab, stage));
  const times = await measureOffered(lab, stage, { kind: "own", perSecond: 500, seconds: 10 });
  return [
    { ...speed, unit: "tasks/s" },
    ...times.slice(0, 2).map((figure) => ({ ...figure, what: `${state}: ${figure.what}` })),
  ];
}

/** "Every figure within 20 %". */
function withinAFifth(full: Figure, empty: Figure): Figure {
  const budget = full.unit === "ms" ? { atMost: empty.value * 1.2 } : { atLeast: empty.value * 0.8 };
  return { ...full, budget };
}

/**
 * Rows through the same constraints and indexes as everybody's: finished ones spread over the days of the current week so
 * far, queued ones in a line that no worker serves.
 */
async function fill(db: pg.Client, finished: number, queued: number): Promise<void> {
  for (let done = 0; done < finished; done += CHUNK) {
    await db.query(INSERT_FINISHED, [Math.min(CHUNK, finished - done), done / finished]);
  }
  await db.query(
    "insert into route (tenant_id, action, slots) select id, 'unserved:noop', '{\"default\":1}' from tenant",
  );
  for (let done = 0; done < queued; done += CHUNK) await db.query(INSERT_QUEUED, [Math.min(CHUNK, queued - done)]);
  await db.query("vacuum analyze task_run_history");
  await db.query("vacuum analyze task_run");
}

/** UUIDv7 of a moment, the last 16 bits zero as in every id of a run. */
const ID_AT = /* sql */ `
  (left(helve_id_at(moment)::text, 14) || '7' || substr(gen_random_uuid()::text, 16, 17) || '0000')::uuid`;

const INSERT_FINISHED = /* sql */ `
  insert into task_run_history (
    id, tenant_id, version_id, status, priority, attempt, failures, requeues, worker_id, created_at, queued_at,
    assigned_at, started_at, finished_at, input, metadata, output)
  select ${ID_AT}, t.id, v.id, 'succeeded', 1, 1, 0, 0, null, moment, moment, moment, moment, moment,
         '{"n":1}', '{"traceparent":"00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"}', '{"ok":true}'
    from (select id from tenant limit 1) t, (select id from workflow_version limit 1) v,
         (select date_trunc('week', now()) + (now() - date_trunc('week', now())) * ($2::float8 + n::float8 / 1e9) as moment
            from generate_series(1, $1::int) as n) as moments`;

const INSERT_QUEUED = /* sql */ `
  insert into task_run (
    id, tenant_id, version_id, route_id, status, priority, rank, schedule_timeout_ms, execution_timeout_ms, created_at,
    queued_at, deadline_at, input, metadata)
  select ${ID_AT}, t.id, v.id, r.id, 'queued', 1, 3, 604800000, 60000, moment, moment, moment + interval '7 days',
         '{"n":1}', '{"traceparent":"00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"}'
    from (select id from tenant limit 1) t, (select id from workflow_version limit 1) v,
         (select id from route where action = 'unserved:noop') r,
         (select now() as moment from generate_series(1, $1::int)) as moments`;

async function sizes(db: pg.Client): Promise<Figure[]> {
  const { rows } = await db.query<{ history: number; hot: number }>(/* sql */ `
    select (select sum(pg_total_relation_size(inhrelid)) / 2^30 from pg_inherits
             where inhparent = 'task_run_history'::regclass)::float8 as history,
           (pg_total_relation_size('task_run') / 2^30)::float8 as hot`);
  return [
    { what: "history with its indexes", value: rows[0]?.history ?? Number.NaN, unit: "GiB" },
    { what: "the hot table with its indexes", value: rows[0]?.hot ?? Number.NaN, unit: "GiB" },
  ];
}
