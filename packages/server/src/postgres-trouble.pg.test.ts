import { status } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { smallDisk } from "./testing/small-disk.ts";
import { type SteadyWorker, steadyWorker } from "./testing/steady-worker.ts";
import { startTestServer, type TestServer } from "./testing/test-server.ts";
import { putWorkflow, trigger } from "./testing/test-worker.ts";
import { type TroubledPostgres, troubledPostgres } from "./testing/troubled-postgres.ts";

/** A write is given up after 5 s; what came while it ran waits for it at most a second more. */
const ANSWERED_MS = 7_000;
/** The lease of 9 s, counted from before the last renewal. */
const NOT_READY_MS = 15_000;
const BACK_MS = 5_000;
const LIMIT_MS = 60_000;
const DISK_MIB = 256;

const disk = await smallDisk(DISK_MIB);
if (!disk) console.info("a full disk is not tried: nothing can be mounted here (as root on Linux it can)");

let postgres: TroubledPostgres;
let server: TestServer;
let worker: SteadyWorker;
/** Runs whose trigger was answered OK. */
const acknowledged = new Set<string>();

beforeAll(async () => {
  // Segments of the log that are kept for later would be room to write into.
  postgres = await troubledPostgres(disk?.path, { min_wal_size: "32MB", max_wal_size: "64MB" });
  server = await startTestServer(postgres.url);
  await putWorkflow(server.client, "steady");
  worker = await steadyWorker(server.connect(), "steady:only", 20);
}, LIMIT_MS);
afterAll(async () => {
  worker?.stop();
  await server?.stop();
  await postgres?.end();
  await disk?.remove();
}, LIMIT_MS);

afterEach(async () => {
  await expect.poll(() => [...acknowledged].filter((id) => !worker.done.has(id)), { timeout: 20_000 }).toEqual([]);
  await expect.poll(() => postgres.query("select id, status from task_run"), { timeout: 10_000 }).toEqual([]);
  expect(await postgres.violations()).toEqual([]);
  expect(worker.isListening()).toBe(true);
  expect(worker.refusals).toEqual([]);
}, LIMIT_MS);

interface Outcome {
  code: status;
  tookMs: number;
}

async function triggerOnce(): Promise<Outcome> {
  const begunAt = performance.now();
  const code = await trigger(server.client, "steady").then(
    (id) => {
      acknowledged.add(id);
      return status.OK;
    },
    (error: { code: status }) => error.code,
  );
  return { code, tookMs: performance.now() - begunAt };
}

/** Triggers all the time, some at once, until told to stop. @returns what became of each */
function triggering(): { stop(): Promise<Outcome[]> } {
  const outcomes: Outcome[] = [];
  let isStopped = false;
  const callers = Array.from({ length: 4 }, async () => {
    while (!isStopped) {
      outcomes.push(await triggerOnce());
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  return {
    async stop() {
      isStopped = true;
      await Promise.all(callers);
      return outcomes;
    },
  };
}

async function ready(): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${server.running.httpUrl}/ready`);
  return { status: answer.status, text: await answer.text() };
}

/** OK or UNAVAILABLE, and in time. */
function expectSoundAnswers(outcomes: readonly Outcome[]): void {
  expect(outcomes.map(({ code }) => code).filter((code) => code !== status.OK && code !== status.UNAVAILABLE)).toEqual(
    [],
  );
  expect(Math.max(...outcomes.map(({ tookMs }) => tookMs))).toBeLessThan(ANSWERED_MS);
}

async function expectBack(withinMs = BACK_MS): Promise<void> {
  const begunAt = performance.now();
  while ((await triggerOnce()).code !== status.OK) {
    expect(performance.now() - begunAt).toBeLessThan(withinMs);
  }
  // More may be triggered all the time.
  const soFar = [...acknowledged];
  await expect.poll(() => soFar.every((id) => worker.done.has(id)), { timeout: withinMs }).toBe(true);
  await expect.poll(async () => (await ready()).status, { timeout: withinMs }).toBe(200);
}

test(
  "loses nothing when all connections are ended, again and again",
  async () => {
    const load = triggering();
    for (let round = 0; round < 5; round++) {
      await postgres
        .query("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'helve%'")
        .catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    const outcomes = await load.stop();
    expectSoundAnswers(outcomes);
    expect(outcomes.filter(({ code }) => code !== status.OK)).toEqual([]);
    await expectBack();
  },
  LIMIT_MS,
);

test(
  "loses nothing when Postgres crashes and is started again",
  async () => {
    const load = triggering();
    for (let round = 0; round < 4; round++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await postgres.crash();
      await expect.poll(() => triggerOnce(), { timeout: 20_000 }).toMatchObject({ code: status.OK });
    }
    expectSoundAnswers(await load.stop());
    await expectBack();
  },
  LIMIT_MS,
);

test(
  "says UNAVAILABLE and why while Postgres is frozen, keeps its workers, and goes on by itself",
  async () => {
    const load = triggering();
    const thaw = await postgres.freeze();
    try {
      await expect.poll(async () => (await ready()).status, { timeout: NOT_READY_MS }).toBe(503);
      await expect.poll(async () => (await ready()).text, { timeout: NOT_READY_MS }).toContain("the lease has run out");
      const metrics = await fetch(`${server.running.httpUrl}/metrics`);
      expect(await metrics.text()).toMatch(/^helve_ready 0$/m);
      expect(await triggerOnce()).toMatchObject({ code: status.UNAVAILABLE });
      expect(worker.isListening()).toBe(true);
    } finally {
      thaw();
    }
    // What it carries out now though nobody waits for it any more is looked for, and must be seen twice.
    await expectBack(2 * BACK_MS);
    expectSoundAnswers(await load.stop());
  },
  LIMIT_MS,
);

test(
  "says UNAVAILABLE while Postgres takes no writes, and goes on when it does",
  async () => {
    const load = triggering();
    await postgres.query("alter system set default_transaction_read_only = on");
    await postgres.query("select pg_reload_conf()");
    try {
      await expect.poll(async () => (await ready()).status, { timeout: NOT_READY_MS }).toBe(503);
      expect((await ready()).text).toContain("read-only transaction");
      expect(await triggerOnce()).toMatchObject({ code: status.UNAVAILABLE });
      expect(worker.isListening()).toBe(true);
    } finally {
      await postgres.query("alter system reset default_transaction_read_only");
      await postgres.query("select pg_reload_conf()");
    }
    await expectBack();
    expectSoundAnswers(await load.stop());
  },
  LIMIT_MS,
);

test(
  "waits for a Postgres that is slow for some seconds",
  async () => {
    const load = triggering();
    await postgres.query("do $$ begin lock table task_run in access exclusive mode; perform pg_sleep(3); end $$");
    const outcomes = await load.stop();
    expectSoundAnswers(outcomes);
    expect(outcomes.filter(({ code }) => code !== status.OK)).toEqual([]);
    await expectBack();
  },
  LIMIT_MS,
);

test(
  "says UNAVAILABLE to whom a slow Postgres lets wait for longer, and goes on when it does",
  async () => {
    const load = triggering();
    const slow = postgres.query(
      "do $$ begin lock table task_run in access exclusive mode; perform pg_sleep(8); end $$",
    );
    // Whoever asked for it has the same patience as the engine.
    await expect(slow).rejects.toThrow("no answer came in time");
    await expectBack();
    const outcomes = await load.stop();
    expectSoundAnswers(outcomes);
    expect(outcomes.map(({ code }) => code)).toContain(status.UNAVAILABLE);
  },
  LIMIT_MS,
);

test.runIf(disk)(
  "says UNAVAILABLE and why while the disk is full, also when that ends Postgres, and goes on when there is room again",
  async () => {
    const load = triggering();
    await disk?.fill();
    try {
      await expect.poll(async () => (await ready()).status, { timeout: NOT_READY_MS }).toBe(503);
      expect((await ready()).text).toContain("No space left on device");
      expect(await triggerOnce()).toMatchObject({ code: status.UNAVAILABLE });
      expect(worker.isListening()).toBe(true);
      await expect(fillLog()).rejects.toThrow();
      expect(await triggerOnce()).toMatchObject({ code: status.UNAVAILABLE });
      expect(await ready()).toMatchObject({ status: 503 });
      expect(worker.isListening()).toBe(true);
    } finally {
      await disk?.empty();
    }
    // It is started again in pauses of up to 5 s.
    await expectBack(15_000);
    expectSoundAnswers(await load.stop());
  },
  LIMIT_MS,
);

/** Writes to Postgres' log of changes until there is no room for that either: then Postgres ends itself. */
async function fillLog(): Promise<never> {
  for (;;) await postgres.query("select pg_logical_emit_message(false, 'ballast', repeat('x', 1000000))");
}
