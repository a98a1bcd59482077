import { afterEach, beforeEach, expect, test } from "vitest";
import { Fixture } from "../../loopback-engine/fixture.ts";
import type { Worker } from "../worker.ts";

let fixture: Fixture;
beforeEach(async () => {
  fixture = await Fixture.start({ healthcheck: { enabled: true, port: 0 } });
});
afterEach(() => fixture.end());

async function ask(worker: Worker, path: string): Promise<{ code: number; text: string }> {
  await expect.poll(() => worker.healthPort).toBeDefined();
  const answer = await fetch(`http://127.0.0.1:${worker.healthPort}${path}`);
  return { code: answer.status, text: await answer.text() };
}

test("a worker says that it is well, and what it does", async () => {
  const task = fixture.client.task({ name: "counted", fn: async () => ({}) });
  const worker = await fixture.worker({ workflows: [task], slots: 7, labels: { zone: "a" } });
  await task.run({});

  const { code, text } = await ask(worker, "/health");
  expect(code).toBe(200);
  expect(JSON.parse(text)).toMatchObject({
    status: "HEALTHY",
    reasons: [],
    name: "test-worker",
    workerId: worker.workerId,
    slots: 7,
    actions: ["counted:counted"],
    labels: { zone: "a" },
  });
  expect(await ask(worker, "/readyz")).toEqual({ code: 200, text: "ok" });
  expect(await ask(worker, "/livez")).toEqual({ code: 200, text: "ok" });
  const metrics = (await ask(worker, "/metrics")).text;
  expect(metrics).toContain('helve_worker_attempts_total{outcome="succeeded"} 1\n');
  expect(metrics).toContain('helve_worker_slots{state="free"} 7\n');
  expect(metrics).toContain("# TYPE helve_worker_healthy gauge\nhelve_worker_healthy 1\n");
  expect((await ask(worker, "/other")).code).toBe(404);
});

test("a worker whose engine is away is not ready, and lives", async () => {
  const worker = await fixture.worker();
  fixture.engine.crash();

  await expect.poll(async () => (await ask(worker, "/readyz")).code).toBe(503);
  expect(JSON.parse((await ask(worker, "/health")).text)).toMatchObject({
    status: "UNHEALTHY",
    reasons: ["its stream to the engine has broken"],
  });
  expect((await ask(worker, "/livez")).code).toBe(200);
  expect((await ask(worker, "/metrics")).text).toContain("\nhelve_worker_healthy 0\n");

  await fixture.engine.listen();
  await expect.poll(async () => (await ask(worker, "/readyz")).code, { timeout: 10_000 }).toBe(200);
});

test("a worker says for how long nothing was acknowledged", async () => {
  const task = fixture.client.task({ name: "unheard", fn: async () => ({}) });
  const worker = await fixture.worker({ workflows: [task] });
  fixture.engine.workerControls.holdsAcknowledgements = true;
  await task.run({});

  await expect.poll(async () => JSON.parse((await ask(worker, "/health")).text).unacknowledgedMs).toBeGreaterThan(100);
  // The next frame is acknowledged, and all before it.
  fixture.engine.workerControls.holdsAcknowledgements = false;
  await task.run({});
  await expect.poll(async () => JSON.parse((await ask(worker, "/health")).text).unacknowledgedMs).toBe(0);
});

test("a port that is taken is logged, and the worker works", async () => {
  const first = await fixture.worker();
  await expect.poll(() => first.healthPort).toBeDefined();
  const client = fixture.newClient({ healthcheck: { enabled: true, port: first.healthPort as number } });
  const second = await client.worker("second", { handleKill: false });
  const running = second.start();
  await second.waitUntilReady();

  await expect.poll(() => fixture.logLines.join()).toContain("cannot listen for health checks");
  expect(second.healthPort).toBeUndefined();
  await second.stop();
  await running;
});
