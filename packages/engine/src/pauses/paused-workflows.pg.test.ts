import type { Uuid } from "@helve/core";
import type { Pause } from "@helve/store";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";

let cluster: TestCluster;
let helve: TestEngine;
const actions = ["held:run", "other:run"];
const HOUR_MS = 3_600_000;

beforeEach(async () => {
  cluster = await testCluster();
  helve = await cluster.start();
  for (const name of ["held", "other"]) {
    await helve.put({ name, tasks: [{ readableId: name, action: `${name}:run`, scheduleTimeout: "1h" }] });
  }
});
afterEach(() => cluster.end());

async function idOf(name: string): Promise<Uuid> {
  const [row] = await helve.query<{ id: Uuid }>("select id from workflow where name = $1 and deleted_at is null", [
    name,
  ]);
  return (row as { id: Uuid }).id;
}

async function pause({ by = helve, ...how }: Partial<Pause> & { by?: TestEngine } = {}): Promise<void> {
  const wish: Pause = { ttlMs: null, cronRuns: "queue", scheduledRuns: "queue", ...how };
  await by.engine.pauseWorkflow(by.tenantId, await idOf("held"), wish);
}
const resume = async (by = helve) => by.engine.resumeWorkflow(by.tenantId, await idOf("held"));
const why = async (id: string, at = helve) => (await at.engine.whyWaiting(at.tenantId, [id])).get(id) ?? [];
const statusOf = async (id: string) => (await helve.engine.getRun(helve.tenantId, id)).status;

test("tasks of a paused workflow wait and say so, those of others run, and the end of it finds them in their order", async () => {
  const worker = await helve.worker({ actions, slots: 1 });
  const inHand = await helve.run("held");
  const task = await worker.next();
  const before = await helve.run("held");
  await pause();
  const during = await helve.run("held");
  const urgent = await helve.run("held", { priority: 3 });
  await worker.succeed(task);
  expect(await helve.ended(inHand), "what a worker has goes on").toMatchObject({ status: "succeeded" });
  for (const id of [before, during]) {
    expect((await why(id))[0]).toMatchObject({
      rule: "paused",
      message: "workflow held is paused",
      deadlineMs: undefined,
    });
  }
  const other = await helve.run("other");
  await worker.succeed(await worker.next());
  await helve.ended(other);
  expect(worker.sent.map(({ id }) => id)).toEqual([inHand, other]);

  await resume();
  const after = await helve.run("held");
  const order = [urgent, before, during, after];
  for (const id of order) {
    const next = await worker.next();
    expect(next.id).toBe(id);
    await worker.succeed(next);
  }
  for (const id of order) expect(await helve.events(id), "a pause is no event").toEqual([]);
});

test("a worker that connects in a pause is given nothing of it until it ends", async () => {
  await pause();
  const waiting = await helve.run("held");
  const worker = await helve.worker({ actions });
  const other = await helve.run("other");
  expect((await worker.next()).id).toBe(other);
  expect((await why(waiting))[0]?.rule).toBe("paused");
  await resume();
  expect((await worker.next()).id).toBe(waiting);
});

test("no schedule timeout passes in a pause, and all of it lies ahead after the pause", async () => {
  const id = await helve.run("held");
  const other = await helve.run("other");
  await pause();
  await cluster.clock.jump(1.5 * HOUR_MS);
  expect(await helve.ended(other)).toMatchObject({ status: "failed" });
  await cluster.clock.jump(5 * HOUR_MS);
  const looks = "select deadline_at > helve_now() as off from task_run where id = $1";
  // Or it would be looked at all the time.
  await expect.poll(() => helve.query(looks, [id])).toEqual([{ off: true }]);
  await resume();
  await cluster.clock.jump(0.9 * HOUR_MS);
  expect(await statusOf(id)).toBe("queued");
  await cluster.clock.jump(0.2 * HOUR_MS);
  expect(await helve.ended(id)).toMatchObject({ status: "failed" });
});

test("a task that waits for longer than the pause keeps it is cancelled, also when it had more time itself", async () => {
  await helve.put({ name: "held", tasks: [{ readableId: "held", action: "held:run", scheduleTimeout: "100h" }] });
  const id = await helve.run("held");
  await cluster.clock.jump(HOUR_MS);
  await pause({ ttlMs: 2 * HOUR_MS });
  vi.useFakeTimers({ toFake: ["setInterval"] });
  const other = await cluster.start();
  const look = () => vi.advanceTimersByTime(60_000);
  try {
    look();
    await cluster.clock.jump(1.5 * HOUR_MS);
    look();
    const late = await helve.run("held");
    await cluster.clock.jump(HOUR_MS);
    look();
    expect(await other.ended(id)).toMatchObject({
      status: "cancelled",
      tasks: [{ error: "its workflow is paused, and it has waited for 2h0m0s, as long as the pause allows" }],
    });
    expect(await statusOf(late)).toBe("queued");
  } finally {
    vi.useRealTimers();
  }
});

test("holds on every replica, and on one that starts later", async () => {
  const second = await cluster.start();
  const worker = await second.worker({ actions });
  await pause();
  const seen = async (by: TestEngine, id: string) => expect((await why(id, by))[0]?.rule).toBe("paused");
  await vi.waitFor(async () => {
    const id = await second.run("held");
    await seen(second, id);
  });
  const taken = worker.sent.length;
  const ids = [await helve.run("held"), await second.run("held")];
  const third = await cluster.start();
  const late = await third.worker({ actions });
  ids.push(await third.run("held"));
  for (const id of ids) for (const by of [helve, second, third]) await seen(by, id);
  expect(worker.sent.length - taken + late.sent.length).toBe(0);
  await resume(third);
  const ended = Promise.all(ids.map((id) => helve.ended(id)));
  const work = async (one: typeof worker) => {
    for (;;) await one.succeed(await one.next());
  };
  for (const one of [worker, late]) work(one).catch(() => {});
  for (const result of await ended) expect(result).toMatchObject({ status: "succeeded" });
});

test("a replica that heard nothing of it finds it in its sweep", async () => {
  const id = await idOf("held");
  await helve.query("update workflow set paused_at = now(), paused_cron_runs = 'queue' where id = $1", [id]);
  // One that is alone looks for what others may have done once a minute. Whoever sees the clock jump looks at once.
  cluster.clock.wait(60_000);
  await cluster.clock.jump(10_000);
  await vi.waitFor(async () => expect((await why(await helve.run("held")))[0]?.rule).toBe("paused"));
});

test("a new version of a paused workflow is paused with what it brings; one that is deleted is paused no more", async () => {
  await pause();
  const worker = await helve.worker({ actions: ["held:new", "held:run"] });
  await helve.put({ name: "held", tasks: [{ readableId: "new", action: "held:new" }] });
  const id = await helve.run("held");
  expect((await why(id))[0]?.rule).toBe("paused");
  await helve.engine.deleteWorkflow(helve.tenantId, await idOf("held"));
  expect((await worker.next()).id).toBe(id);
});
