import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HAS_NATS_SERVER, NatsServer } from "../testing/nats-server.ts";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";

if (!HAS_NATS_SERVER)
  console.warn("Hints over NATS are not tested: there is no nats-server here (Debian: nats-server).");

let nats: NatsServer;
let cluster: TestCluster;
const actions = ["work:run"];
const workflow = { name: "work", tasks: [{ readableId: "work", action: "work:run" }] };
/** Less than a sweep takes to come. */
const SOON = 9500;

/** A run that is triggered at one engine, done at the other, and whose end is heard at the first. */
async function crosses(a: TestEngine, b: TestEngine): Promise<void> {
  const worker = await b.worker({ actions });
  const runId = await a.run("work");
  const result = a.ended(runId);
  await worker.succeed(await worker.next());
  expect(await result).toMatchObject({ status: "succeeded" });
  await b.engine.unsubscribe(b.tenantId, worker.id);
}

describe.skipIf(!HAS_NATS_SERVER)("hints over NATS", () => {
  beforeEach(async () => {
    nats = await NatsServer.at(["--user", "helve", "--pass", "p@ss"]);
    cluster = await testCluster();
  });
  afterEach(async () => {
    await cluster.end();
    await nats.stop();
  });

  const start = () => cluster.start({ natsUrl: nats.url("helve:p%40ss") });

  test(
    "take work and results from one replica to the other, without LISTEN",
    async () => {
      await nats.start();
      const a = await start();
      const b = await start();
      await a.put(workflow);
      await crosses(a, b);
      const listening = "select from pg_stat_activity where datname = current_database() and application_name = $1";
      expect(await a.query(listening, ["helve-notifications"])).toEqual([]);
    },
    SOON,
  );

  test("may be away: work goes on by sweeps, and hints come again with the server", async () => {
    await nats.start();
    const a = await start();
    const b = await start();
    await a.put(workflow);
    await nats.stop();
    await expect.poll(() => a.heard.failed.length + b.heard.failed.length).toBeGreaterThanOrEqual(2);
    const worker = await b.worker({ actions });
    const runId = await a.run("work");
    const result = a.ended(runId);
    // Makes them sweep now.
    await cluster.clock.jump(3000);
    await worker.succeed(await worker.next());
    await cluster.clock.jump(3000);
    expect(await result).toMatchObject({ status: "succeeded" });
    worker.die();
    await nats.start();
    await expect.poll(() => nats.subjects(), { timeout: 5000 }).toHaveLength(2);
    await crosses(a, b);
  }, 20_000);

  test(
    "are not needed for a start, and are used when the server comes",
    async () => {
      const a = await start();
      const b = await start();
      expect(a.heard.failed.map(([what]) => what)).toEqual(["connecting to NATS"]);
      await a.put(workflow);
      await nats.start();
      await expect.poll(() => nats.subjects(), { timeout: 5000 }).toHaveLength(2);
      await crosses(a, b);
    },
    SOON,
  );

  test(
    "have a subject of their own for each database",
    async () => {
      await nats.start();
      await start();
      await start();
      const others = await testCluster();
      try {
        await others.start({ natsUrl: nats.url("helve:p%40ss") });
        const subjects = await nats.subjects();
        expect(subjects).toHaveLength(3);
        expect(new Set(subjects.flat()).size).toBe(2);
      } finally {
        await others.end();
      }
    },
    SOON,
  );
});
