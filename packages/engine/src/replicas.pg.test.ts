import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "./testing/test-engine.ts";

let cluster: TestCluster;
let a: TestEngine;
let b: TestEngine;
const actions = ["work:run"];

beforeEach(async () => {
  cluster = await testCluster();
  a = await cluster.start();
  b = await cluster.start();
  await a.put({ name: "work", tasks: [{ readableId: "work", action: "work:run", retries: 0 }] });
});
afterEach(() => cluster.end());

test("what is triggered on one replica is done by a worker of another, and its end is heard on both", async () => {
  const worker = await b.worker({ actions });
  const runId = await a.run("work");
  const results = Promise.all([a.ended(runId), b.ended(runId)]);
  await worker.succeed(await worker.next(), "1");
  for (const result of await results) expect(result).toMatchObject({ status: "succeeded", tasks: [{ output: "1" }] });
});

test("a report may enter anywhere: the slot comes free where the worker is connected", async () => {
  const worker = await a.worker({ actions, slots: 1 });
  const first = await a.run("work");
  const task = await worker.next();
  const second = await a.run("work");
  expect(await b.engine.report(b.tenantId, [{ taskId: first, attempt: 1, outcome: "succeeded", output: "" }])).toEqual([
    "accepted",
  ]);
  expect((await worker.next()).id).toBe(second);
  expect(task.id).toBe(first);
});

test("a start that enters elsewhere is a receipt", async () => {
  const worker = await a.worker({ actions });
  const runId = await a.run("work");
  await worker.next();
  await b.engine.report(b.tenantId, [{ taskId: runId, attempt: 1, outcome: "started" }]);
  const [row] = await a.query<{ started: boolean }>(
    "select started_at is not null as started from task_run where id = $1",
    [runId],
  );
  expect(row).toEqual({ started: true });
});

test("a worker comes back on another replica with its task in hand", async () => {
  const worker = await a.worker({ actions });
  const runId = await a.run("work");
  const task = await worker.next();
  await worker.started(task);
  await a.stop();
  expect(worker.closed).toEqual(["engine_stops"]);
  await worker.listen({ engine: b.engine });
  const result = b.ended(runId);
  expect(await b.engine.report(b.tenantId, [{ taskId: runId, attempt: 1, outcome: "succeeded", output: "2" }])).toEqual(
    ["accepted"],
  );
  expect(await result).toMatchObject({ tasks: [{ output: "2" }] });
  expect(worker.sent).toHaveLength(1);
});

test("a worker that says what it holds gets back what never reached it, and learns what it has lost", async () => {
  const worker = await a.worker({ actions });
  const runId = await a.run("work");
  const task = await worker.next();
  await a.stop();
  const strange = { taskId: "01900000-0000-7000-8000-000000000000", attempt: 1 };
  const { lost } = await worker.listen({ engine: b.engine, holding: [strange] });
  expect(lost).toEqual([strange]);
  const again = await worker.next();
  expect(again).toMatchObject({ id: runId, attempt: task.attempt + 1 });
});

test("a replica that was taken over changes nothing more and starts anew", async () => {
  const worker = await a.worker({ actions });
  const runId = await a.run("work");
  const task = await worker.next();
  const [old] = await a.query<{ id: number }>("select max(id) as id from replica where name = 'engine-1'");
  await b.query("update replica set fenced_at = now() where id = $1", [old?.id]);
  const triggering = a.run("work");
  const reporting = worker.succeed(task);
  await expect.poll(() => a.heard.fenced.length, { timeout: 4000 }).toBe(1);
  expect(worker.closed).toEqual(["engine_stops"]);
  expect(await reporting, "under its new name").toBe("accepted");
  expect(await b.ended(runId)).toMatchObject({ status: "succeeded" });
  await worker.listen();
  expect((await worker.next()).id).toBe(await triggering);
});

test("a replica that has started anew hears at once of what happens at another that was alone meanwhile", async () => {
  await a.stop();
  let mayStart = Promise.resolve();
  const c = await cluster.start({
    wrap: (db) => ({
      counters: db.counters,
      async query(statement, values) {
        if (statement.name === "start_replica") await mayStart;
        return db.query(statement, values);
      },
      transaction: (work) => db.transaction(work),
      close: () => db.close(),
    }),
  });
  let start = () => {};
  mayStart = new Promise((resolve) => {
    start = resolve;
  });
  await b.query("update replica set fenced_at = now() where name = 'engine-3'");
  await expect.poll(() => c.heard.fenced.length, { timeout: 5000 }).toBe(1);
  await expect.poll(() => b.engine.status().lease.replicas, { timeout: 8000 }).toBe(1);
  start();
  await expect.poll(() => c.engine.readiness().isReady, { timeout: 5000 }).toBe(true);
  const worker = await c.worker({ actions });
  const id = await b.run("work");
  // Without a hint its next sweep would find it, almost 10 s later.
  await expect.poll(() => worker.sent, { timeout: 5000 }).toMatchObject([{ id }]);
  await worker.succeed(await worker.next());
}, 25_000);

test("a worker that went away together with the replica that stopped is missed, and its task runs elsewhere", async () => {
  const task = { readableId: "long", action: "work:run", timeout: "10h" };
  await a.put({ name: "long", tasks: [task] });
  // The other one has looked for such workers when it came up, and found none.
  await cluster.clock.jump(3000);
  const worker = await a.worker({ actions });
  const runId = await a.run("long");
  await worker.started(await worker.next());
  await a.stop();
  const other = await b.worker({ actions });
  const look = async () => {
    cluster.clock.wait(20_000);
    await cluster.clock.jump(3000);
    return other.sent.length;
  };
  await expect.poll(look, { timeout: 15_000 }).toBe(1);
  expect(other.sent[0]).toMatchObject({ id: runId, attempt: 2 });
  await other.succeed(await other.next());
}, 20_000);

test("a worker whose client dials every second is missed sooner than others when its replica has gone", async () => {
  // The other one has looked for such workers when it came up, and found none.
  await cluster.clock.jump(3000);
  const foreign = await a.worker({ actions, slots: 1 });
  const slow = await a.run("work");
  await foreign.started(await foreign.next());
  const native = await a.worker({ actions, slots: 1, isNative: true });
  const soon = await a.run("work");
  await native.started(await native.next());
  await a.stop();
  const other = await b.worker({ actions });
  const look = async () => {
    cluster.clock.wait(5_000);
    await b.engine.heartbeat(b.tenantId, other.id);
    await cluster.clock.jump(3000);
    return other.sent.map(({ id }) => id);
  };
  await expect.poll(look, { interval: 500, timeout: 15_000 }).toEqual([soon]);
  await other.succeed(await other.next());
  await expect.poll(look, { interval: 500, timeout: 15_000 }).toEqual([soon, slow]);
  await other.succeed(await other.next());
}, 30_000);

test("hints may be lost: a waiting run is found by the sweep", async () => {
  const worker = await b.worker({ actions });
  await b.run("work");
  await worker.succeed(await worker.next());
  // Stored behind the engines' backs, as by a replica that died before it could tell.
  await a.query(
    `insert into task_run (id, tenant_id, version_id, route_id, status, priority, rank, schedule_timeout_ms,
       execution_timeout_ms, created_at, queued_at, deadline_at, input, metadata)
     select '01900000-0000-7000-8000-000000010000', tenant_id, version_id, (select max(id) from route), 'queued', 1, 3,
       60000, 60000, now(), now(), now() + interval '1 minute', '{}', '{}' from task_run_history limit 1`,
  );
  expect((await worker.next()).id).toBe("01900000-0000-7000-8000-000000010000");
});

test("a worker that takes work and does not confirm it loses it, and is given no more until it gives a sign", async () => {
  const mute = await a.worker({ actions, slots: 5 });
  const runId = await a.run("work");
  const unconfirmed = await mute.next();
  const takenAt = performance.now();
  const other = await b.worker({ actions });
  const again = await other.next();
  expect(again).toMatchObject({ id: runId, attempt: 2 });
  expect(performance.now() - takenAt).toBeLessThan(11_500);
  expect(a.heard.workerQuarantined).toHaveLength(1);
  other.die();
  await other.succeed(again);
  const waiting = await a.run("work");
  expect(mute.sent).toHaveLength(1);
  expect(await mute.succeed(unconfirmed), "a late report is a sign of life").toBe("late");
  expect((await mute.next()).id).toBe(waiting);
}, 20_000);
