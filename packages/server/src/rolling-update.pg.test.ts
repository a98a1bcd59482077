import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { findViolations, openDatabase } from "@helve/store";
import { freshDatabase } from "@helve/store/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeNextBuild, type NextBuild } from "./testing/next-build.ts";
import { ServerProcess } from "./testing/server-process.ts";
import { type SteadyWorker, steadyWorker } from "./testing/steady-worker.ts";
import type { TestClient } from "./testing/test-client.ts";
import { putWorkflow, startWorker, trigger } from "./testing/test-worker.ts";

/** More than an engine does in a moment, so that work is under way whatever happens. */
const RUNS = 150;
const LIMIT_MS = 120_000;

const last = (await readdir(new URL("../../store/migrations/", import.meta.url))).filter((name) =>
  name.endsWith(".sql"),
).length;

/** All that a migration may do beside engines of the version before, to the tables with most traffic. */
const TABLES = [
  "task_run",
  "task_run_history",
  "workflow_run",
  "worker",
  "workflow",
  "route",
  "replica",
  "replica_lease",
];
const FORTH = `-- Locks: ${TABLES.join(", ")} for an instant.
-- Beside: engines from ${String(last).padStart(4, "0")} on.
-- Back: nothing is lost.
${TABLES.map((table) => `alter table ${table} add column of_next text not null default 'x';`).join("\n")}
create index task_run_of_next on task_run (of_next);
create table only_next (id uuid primary key);
`;
const BACK = `drop table only_next;
${TABLES.map((table) => `alter table ${table} drop column of_next;`).join("\n")}
`;

let database: Awaited<ReturnType<typeof freshDatabase>>;
let folder: string;
let next: NextBuild;
const servers: ServerProcess[] = [];
let started = 0;
const workers: SteadyWorker[] = [];
beforeAll(async () => {
  [database, folder, next] = await Promise.all([
    freshDatabase(),
    mkdtemp(join(tmpdir(), "helve-rolling-")),
    makeNextBuild(last + 1, FORTH, BACK),
  ]);
}, LIMIT_MS);
afterAll(async () => {
  for (const worker of workers) worker.stop();
  await Promise.all(servers.map((server) => server.kill()));
  await Promise.all([next?.remove(), rm(folder, { recursive: true, force: true }), database?.drop()]);
});

async function start(main?: string): Promise<ServerProcess> {
  const server = await ServerProcess.start(database.url, join(folder, `${++started}.json`), main);
  servers.push(server);
  return server;
}

async function work(server: ServerProcess): Promise<SteadyWorker> {
  const worker = await steadyWorker(await server.connect(), "steady:only", 20);
  workers.push(worker);
  return worker;
}

/** Triggers all the time through whichever of these are there, until told to stop. */
function triggering(clients: readonly TestClient[]): { acknowledged: Set<string>; stop(): Promise<void> } {
  const acknowledged = new Set<string>();
  let isStopped = false;
  const callers = Array.from({ length: 4 }, async (_, caller) => {
    for (let turn = caller; !isStopped; turn++) {
      const client = clients[turn % clients.length] as TestClient;
      await trigger(client, "steady").then(
        (id) => acknowledged.add(id),
        (error: { code: status }) => expect(error.code).toBe(status.UNAVAILABLE),
      );
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  const stop = async () => {
    isStopped = true;
    await Promise.all(callers);
  };
  return { acknowledged, stop };
}

test(
  "engines of two versions share a database under load, forth and back, and nothing is lost",
  async () => {
    const [a, b] = await Promise.all([start(), start()]);
    const clients = [await a.connect(), await b.connect()];
    await putWorkflow(clients[0] as TestClient, "steady");
    const onB = await work(b);
    const load = triggering(clients);
    const more = async () => {
      const goal = load.acknowledged.size + RUNS;
      await expect.poll(() => load.acknowledged.size, { timeout: 30_000 }).toBeGreaterThan(goal);
    };
    await more();

    // The next version migrates while both work, and takes its share.
    const c = await start(next.main);
    expect(await columns()).toBeGreaterThan(0);
    clients.push(await c.connect());
    const onC = await work(c);
    await more();
    await expect.poll(() => Math.min(onB.done.size, onC.done.size), { timeout: 30_000 }).toBeGreaterThan(RUNS / 4);

    // One of the version before is started again beside it.
    clients.shift();
    await a.stop();
    const again = await start();
    await again.says("going on beside it");
    clients.push(await again.connect());
    await more();

    // The next version was a mistake: it goes, and its migration after it.
    clients.splice(1, 1);
    onC.stop();
    await c.stop();
    await next.helve(["migrate", "--to", String(last), "--database-url", database.url]);
    expect(await columns()).toBe(0);
    await more();
    await load.stop();
    // By what is stored: a worker that left may have missed the answer to its last report.
    // One that left together with its engine is missed for half a minute.
    await expect.poll(() => unfinished(load.acknowledged), { timeout: 60_000 }).toBe(0);

    for (const worker of [onB, onC]) expect(worker.refusals).toEqual([]);
    expect(onB.isListening()).toBe(true);
    expect(servers.flatMap((server) => server.errors())).toEqual([]);
    expect(await violations()).toEqual([]);
  },
  LIMIT_MS,
);

test(
  "an engine whose database a newer one migrates beyond it says so and ends, and what it had runs on the newer one",
  async () => {
    const number = last + 1;
    const [other, tooNew] = await Promise.all([
      freshDatabase(),
      makeNextBuild(number, "-- None goes on beside it.\nalter table worker add column of_next text;\n", "select;\n"),
    ]);
    try {
      const old = await ServerProcess.start(other.url, join(folder, "old.json"));
      servers.push(old);
      const client = await old.connect();
      await putWorkflow(client, "left");
      const runId = await trigger(client, "left");

      const newer = await ServerProcess.start(other.url, join(folder, "newer.json"), tooNew.main);
      servers.push(newer);
      expect(await old.ended()).toBe(1);
      const sentence = `a newer Helve has migrated the database meanwhile: it is for engines with the schema ${number} or later, and this one has ${last}`;
      await old.says(`helve: ${sentence}`);
      expect(old.errors()).toHaveLength(1);

      const worker = await startWorker(await newer.connect(), "left:only");
      expect((await worker.next()).workflowRunId).toBe(runId);
      worker.stream.cancel();
    } finally {
      await Promise.all(servers.map((server) => server.kill()));
      await Promise.all([other.drop(), tooNew.remove()]);
    }
  },
  LIMIT_MS,
);

async function columns(): Promise<number> {
  return onDatabase(async (db) => {
    const text = "select from information_schema.columns where column_name = 'of_next'";
    return (await db.query({ name: "", text })).length;
  });
}

async function unfinished(runs: ReadonlySet<string>): Promise<number> {
  return onDatabase(async (db) => {
    const text = "select from task_run_history where id = any($1) and status = 'succeeded'";
    return runs.size - (await db.query({ name: "", text }, [[...runs]])).length;
  });
}

function violations(): Promise<unknown[]> {
  return onDatabase((db) => findViolations(db));
}

async function onDatabase<Result>(work: (db: ReturnType<typeof openDatabase>) => Promise<Result>): Promise<Result> {
  const db = openDatabase({ url: database.url, maxConnections: 1, applicationName: "test" });
  return work(db).finally(() => db.close());
}
