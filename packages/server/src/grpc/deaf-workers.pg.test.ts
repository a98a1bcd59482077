import { type AssignedAction, DispatcherService, StepActionEventType } from "@helve/contracts";
import { freshDatabase } from "@helve/store/testing";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openWorker } from "../testing/far-end.ts";
import { call, type TestClient } from "../testing/test-client.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";
import { putWorkflow, startWorker, trigger } from "../testing/test-worker.ts";

const SLOTS = 1000;
const TASKS = 200;
const LARGE = "x".repeat(200_000);
/** What may wait for one worker before it gets nothing more, what a claim brings at once, and a task beyond it. */
const MOST_BYTES = (4 + 8 + 1) * 2 ** 20;
/** What its connection and its own end take before anything waits. */
const ON_THE_WAY_BYTES = 8 * 2 ** 20;
const LIMIT_MS = 60_000;

let database: Awaited<ReturnType<typeof freshDatabase>>;
let server: TestServer;
let db: pg.Client;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer(database.url);
  db = new pg.Client({ connectionString: database.url });
  await db.connect();
});
afterAll(async () => {
  await db?.end();
  await server?.stop();
  await database?.drop();
});

/** What the engine keeps for the slowest of its peers, in bytes. */
async function largestBacklog(): Promise<number> {
  const text = await (await fetch(`${server.running.httpUrl}/metrics`)).text();
  return Number(/^helve_stream_buffered_bytes_max (\S+)$/m.exec(text)?.[1]);
}

/** How many tasks of a workflow have not ended. */
async function unfinished(workflow: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    "select count(*)::int as count from task_run t join route r on r.id = t.route_id where r.action = $1",
    [`${workflow}:only`],
  );
  return rows[0]?.count ?? 0;
}

/** A worker whose socket is not read from its first task on. */
const deafWorkers = {
  native: (client: TestClient, action: string) => {
    const { stream } = openWorker(client, { actions: [action], slots: { default: SLOTS } });
    stream.pause();
  },
  published: async (client: TestClient, action: string) => {
    (await startWorker(client, action, SLOTS)).stream.pause();
  },
};

test.each(Object.entries(deafWorkers))(
  "a %s worker that does not read is given a bounded amount of a backlog, and the others go on",
  async (kind, connectDeaf) => {
    const name = `deaf-${kind}`;
    await putWorkflow(server.client, name, {
      timeout: "5m",
      scheduleTimeout: "5m",
    });
    await Promise.all(Array.from({ length: TASKS }, (_, n) => trigger(server.client, name, { n, text: LARGE })));
    const deaf = server.connect();
    await connectDeaf(deaf, `${name}:only`);
    await expect.poll(largestBacklog, { timeout: LIMIT_MS }).toBeGreaterThan(4 * 2 ** 20);

    const quick = `quick-${kind}`;
    await putWorkflow(server.client, quick);
    const other = await startWorker(server.connect(), `${quick}:only`);
    for (let n = 0; n < 20; n++) {
      await trigger(server.client, quick, { n });
      await other.report(await other.next(), StepActionEventType.STEP_EVENT_TYPE_COMPLETED, "{}");
    }
    expect(await largestBacklog()).toBeLessThan(MOST_BYTES);
    // All but what the deaf one has.
    const others = server.connect();
    const awake = await startWorker(others, `${name}:only`, TASKS);
    awake.stream.on("data", (action: AssignedAction) => {
      awake.report(action, StepActionEventType.STEP_EVENT_TYPE_COMPLETED, "{}").catch(() => {});
    });
    const left = async () => {
      await call(others, DispatcherService.heartbeat, { workerId: awake.id, heartbeatAt: new Date() });
      return unfinished(name);
    };
    await expect.poll(left, { timeout: LIMIT_MS }).toBeLessThan((MOST_BYTES + ON_THE_WAY_BYTES) / LARGE.length);
    expect(await largestBacklog()).toBeLessThan(MOST_BYTES);
    deaf.close();
  },
  LIMIT_MS,
);
