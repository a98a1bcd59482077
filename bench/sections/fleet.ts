import { setTimeout } from "node:timers/promises";
import { freePort } from "@helve/store/testing";
import pg from "pg";
import { type BenchEngine, startEngine } from "../lab/engine.ts";
import type { Figure } from "../lab/figures.ts";
import { AS_IT_MUST_BE, checkInvariants } from "../lab/invariants.ts";
import type { Lab } from "../lab/lab.ts";
import { processorMs, residentMiB } from "../lab/processor-time.ts";
import type { Program } from "../lab/program.ts";
import { countStatements } from "../lab/statement-counts.ts";
import type { FleetSeen } from "../programs/fleet.ts";
import type { Section } from "./section.ts";

const WORKERS = 1000;
const SLOTS = 100;
const TASKS = WORKERS * SLOTS;
/** Workers share a process as they share a machine; a process each would measure the machine. */
const PROCESSES = 4;
const IDLE_SECONDS = 20;
const LIMIT_MS = 240_000;

interface Fleet {
  engine: BenchEngine;
  programs: Program[];
  db: pg.Client;
  databaseUrl: string;
}

/** A thousand workers, their slots all taken, and all of them back at once when their engine was killed. */
export const fleet: Section = {
  name: "fleet",
  title: `${WORKERS} workers with ${SLOTS} slots each on one engine, which is killed while all slots are taken; own SDK`,
  isQuick: false,
  async run(lab) {
    const ports = { grpc: await freePort(), http: await freePort() };
    const it = await start(lab, ports);
    const figures = [...(await connect(it)), ...(await idle(it))];
    const ids = await fill(it, figures);
    await restart(lab, it, ports, figures);
    await finish(it, ids, figures);
    return figures;
  },
};

async function start(lab: Lab, ports: { grpc: number; http: number }): Promise<Fleet> {
  const databaseUrl = await lab.postgres.createHelveDatabase("fleet");
  lab.keep("fleet", () => lab.postgres.dropDatabase("fleet"));
  const engine = await startEngine({ databaseUrl }, ports);
  const db = lab.keep(new pg.Client({ connectionString: databaseUrl, application_name: "bench" }), (it) => it.end());
  await db.connect();
  const fleet: Fleet = { engine, db, databaseUrl, programs: [] };
  // Whichever runs then.
  lab.keep(fleet, (it) => it.engine.stop());
  for (let n = 0; n < PROCESSES; n++) fleet.programs.push(await lab.program("fleet"));
  return fleet;
}

async function connect({ engine, programs, db, databaseUrl }: Fleet): Promise<Figure[]> {
  const { token } = engine;
  const startedAt = performance.now();
  const cpuBefore = processorMs(engine.pid);
  const counts = await countStatements(databaseUrl, async () => {
    const workers = WORKERS / PROCESSES;
    await Promise.all(
      programs.map((one, n) => one.call("start", { token, workers, slots: SLOTS, first: n * workers })),
    );
    await until("all workers", async () => (await connected(db)) === WORKERS);
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuMs = processorMs(engine.pid) - cpuBefore;
  return [
    { what: "workers registered and connected", value: WORKERS / seconds, unit: "a second" },
    { what: "statements for it", value: counts.statements / WORKERS, unit: "a worker" },
    { what: "engine's processor time for it", value: cpuMs / WORKERS, unit: "ms a worker" },
  ];
}

async function idle({ engine, databaseUrl }: Fleet): Promise<Figure[]> {
  let cpuMs = Number.NaN;
  const counts = await countStatements(databaseUrl, async () => {
    const before = processorMs(engine.pid);
    await setTimeout(IDLE_SECONDS * 1000);
    cpuMs = processorMs(engine.pid) - before;
  });
  return [
    { what: "idle: statements", value: counts.statements / IDLE_SECONDS, unit: "a second", budget: { atMost: 1 } },
    { what: "idle: engine's processor time", value: cpuMs / IDLE_SECONDS / 10, unit: "% of a core" },
    { what: "idle: engine's memory in RAM", value: residentMiB(engine.pid), unit: "MiB" },
  ];
}

/** Takes every slot. @returns ids of the runs */
async function fill({ programs, engine, db }: Fleet, figures: Figure[]): Promise<string[]> {
  const cpuBefore = processorMs(engine.pid);
  const startedAt = performance.now();
  const triggered = programs.map((program) => program.call<string[]>("trigger", TASKS / PROCESSES));
  const ids = (await Promise.all(triggered)).flat();
  await until("all slots to be taken", async () => (await seen(programs)).held === TASKS);
  const seconds = (performance.now() - startedAt) / 1000;
  figures.push({
    what: "slots taken, from the first trigger",
    value: TASKS / seconds,
    unit: "tasks/s",
    details: {
      "engine's processor time, µs a task": ((processorMs(engine.pid) - cpuBefore) * 1000) / TASKS,
      "engine's memory in RAM, MiB": residentMiB(engine.pid),
      "given out again": await givenOutAgain(db),
    },
    check: wrongOf(await seen(programs)),
  });
  return ids;
}

async function restart(lab: Lab, it: Fleet, ports: { grpc: number; http: number }, figures: Figure[]): Promise<void> {
  const { db, databaseUrl, programs } = it;
  await it.engine.kill();
  let readyAt = 0;
  let back: number[] = [];
  let mostConnections = 0;
  const counts = await countStatements(databaseUrl, async () => {
    it.engine = await startEngine({ databaseUrl }, ports);
    readyAt = performance.now();
    back = await untilBack(db, (connections) => {
      mostConnections = Math.max(mostConnections, connections);
    });
  });
  const allBackMs = (back.at(-1) as number) - readyAt;
  // What is about to happen by mistake happens when silence is judged again.
  await setTimeout(lab.options.isLong ? 45_000 : 10_000);
  const after = await seen(programs);
  figures.push(
    { what: "engine killed: all workers are back after it is ready", value: allBackMs, unit: "ms" },
    { what: "most of them in one second", value: mostInOneSecond(back), unit: "workers" },
    { what: "statements from its start until then", value: counts.statements / WORKERS, unit: "a worker" },
    { what: "connections to the database", value: mostConnections, unit: "at most", budget: { atMost: 16 } },
    {
      what: "tasks still in hand",
      value: after.held,
      unit: "tasks",
      budget: { atLeast: TASKS },
      details: {
        "engine's memory in RAM, MiB": residentMiB(it.engine.pid),
        "given out again": await givenOutAgain(db),
      },
      check: wrongOf(after),
    },
  );
}

/** Lets every task go, and looks whether each of them ran once. */
async function finish({ db, programs, engine }: Fleet, ids: string[], figures: Figure[]): Promise<void> {
  const cpuBefore = processorMs(engine.pid);
  const startedAt = performance.now();
  await Promise.all(programs.map((program) => program.call("letGo", undefined)));
  await until("the end of all tasks", async () => {
    const { rows } = await db.query<{ left: boolean }>("select exists (select from task_run) as left");
    return rows[0]?.left === false;
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const { began } = await seen(programs);
  const check = await checkInvariants(db, 0, { runIds: ids });
  figures.push({
    what: "all of them reported together",
    value: TASKS / seconds,
    unit: "tasks/s",
    details: {
      "engine's processor time, µs a task": ((processorMs(engine.pid) - cpuBefore) * 1000) / TASKS,
      ...(await whyAgain(db)),
    },
    check: began === TASKS ? check : `code began ${began} times; ${check}`,
  });
}

/** Why tasks were given out again, with how many of them: on a machine that is busy otherwise, writes whose answer is late. */
async function whyAgain(db: pg.Client): Promise<Record<string, number>> {
  const { rows } = await db.query<{ why: string; tasks: number }>(
    "select message as why, count(*)::float8 as tasks from task_event where kind = 'reassigned' group by message",
  );
  return Object.fromEntries(rows.map(({ why, tasks }) => [`given out again: ${why}`, tasks]));
}

async function seen(programs: readonly Program[]): Promise<FleetSeen> {
  const all = await Promise.all(programs.map((program) => program.call<FleetSeen>("seen", undefined)));
  return {
    held: all.reduce((sum, { held }) => sum + held, 0),
    began: all.reduce((sum, one) => sum + one.began, 0),
    startedTwice: all.reduce((sum, one) => sum + one.startedTwice, 0),
    mostOnOne: Math.max(...all.map(({ mostOnOne }) => mostOnOne)),
  };
}

function wrongOf({ startedTwice, mostOnOne }: FleetSeen): string {
  if (startedTwice > 0) return `${startedTwice} tasks began twice`;
  return mostOnOne > SLOTS ? `a worker had ${mostOnOne} tasks` : AS_IT_MUST_BE;
}

/** Unfinished tasks that were not only given out once. */
async function givenOutAgain(db: pg.Client): Promise<number> {
  const { rows } = await db.query<{ again: number }>(
    "select count(*)::float8 as again from task_run where attempt <> 1",
  );
  return rows[0]?.again ?? 0;
}

async function connected(db: pg.Client): Promise<number> {
  const { rows } = await db.query<{ count: number }>("select count(*)::float8 as count from worker where is_listening");
  return rows[0]?.count ?? 0;
}

/** When each worker was back, as seen by looking often. A worker that is back has another session. */
async function untilBack(db: pg.Client, note: (connections: number) => void): Promise<number[]> {
  const back: number[] = [];
  await until("all workers to be back", async () => {
    const { rows } = await db.query<{ back: number; connections: number }>(BACK);
    note(rows[0]?.connections ?? 0);
    while (back.length < (rows[0]?.back ?? 0)) back.push(performance.now());
    return back.length >= WORKERS;
  });
  return back;
}

const BACK = /* sql */ `
  select (select count(*)::float8 from worker where session = 2 and is_listening) as back,
         (select count(*)::float8 from pg_stat_activity
           where datname = current_database() and application_name like 'helve%') as connections`;

function mostInOneSecond(times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length));
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const limit = performance.now() + LIMIT_MS; !(await isSo()); await setTimeout(20)) {
    if (performance.now() > limit) throw new Error(`${what} did not come within ${LIMIT_MS} ms`);
  }
}
