import { newId } from "@helve/core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";

let cluster: TestCluster;
let helve: TestEngine;

beforeAll(async () => {
  cluster = await testCluster();
  helve = await cluster.start();
});
afterAll(() => cluster.end());

async function simple(name: string, options: object = {}): Promise<string[]> {
  await helve.put({ name, tasks: [{ readableId: name, action: `${name}:run`, ...options }] });
  return [`${name}:run`];
}

const why = async (runId: string) => (await helve.engine.whyWaiting(helve.tenantId, [runId])).get(runId);

describe.concurrent("workers", () => {
  test("the task of a worker that died runs elsewhere within 2 s and spends no retry", async () => {
    const actions = await simple("death", { retries: 1 });
    const dying = await helve.worker({ actions, slots: 1 });
    const runId = await helve.run("death");
    const first = await dying.next();
    const other = await helve.worker({ actions });
    dying.die();
    const diedAt = performance.now();
    const second = await other.next();
    expect(performance.now() - diedAt).toBeLessThan(2500);
    expect(second).toMatchObject({ id: runId, attempt: 2 });
    expect(await dying.succeed(first), "the old attempt").toBe("late");
    await other.fail(second);
    const third = await other.next();
    expect(third.attempt, "the retry was not spent").toBe(3);
    await other.succeed(third);
    expect(await helve.ended(runId)).toMatchObject({ status: "succeeded" });
    expect(await helve.events(runId)).toContain("reassigned 1");
  });

  test("a worker that is back at once keeps its task", async () => {
    const actions = await simple("blink");
    const worker = await helve.worker({ actions });
    const runId = await helve.run("blink");
    const task = await worker.next();
    worker.die();
    await worker.listen();
    await worker.started(task);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(await worker.succeed(task)).toBe("accepted");
    expect(await helve.ended(runId)).toMatchObject({ status: "succeeded" });
    expect(worker.sent).toHaveLength(1);
  });

  test("a worker that has left gets nothing more and keeps what it has", async () => {
    const actions = await simple("leaving");
    const worker = await helve.worker({ actions });
    const runId = await helve.run("leaving");
    const task = await worker.next();
    await worker.started(task);
    await helve.engine.unsubscribe(helve.tenantId, worker.id);
    worker.stream?.closed("goodbye");
    const waiting = await helve.run("leaving");
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(await worker.succeed(task)).toBe("accepted");
    expect(await helve.ended(runId)).toMatchObject({ status: "succeeded" });
    expect(worker.sent).toHaveLength(1);
    const other = await helve.worker({ actions });
    expect((await other.next()).id).toBe(waiting);
  });

  test("a paused worker gets nothing until it is resumed", async () => {
    const actions = await simple("paused");
    const worker = await helve.worker({ actions });
    await helve.engine.setWorkerPaused(helve.tenantId, worker.id, true);
    const runId = await helve.run("paused");
    await helve.engine.getRun(helve.tenantId, runId);
    expect(worker.sent).toEqual([]);
    await helve.engine.setWorkerPaused(helve.tenantId, worker.id, false);
    expect((await worker.next()).id).toBe(runId);
  });

  test("a worker that has much unread gets nothing until it has read, and what waits says so", async () => {
    const actions = await simple("unread");
    const worker = await helve.worker({ actions, name: "slow" });
    worker.unread = 5_000_000;
    const runId = await helve.run("unread");
    expect(await why(runId)).toMatchObject([
      { rule: "not_accepting", workers: [{ name: "slow", detail: "has not read what it was sent" }] },
    ]);
    expect(worker.sent).toEqual([]);
    worker.unread = 1000;
    expect((await worker.next()).id).toBe(runId);
  });

  test("one that is resumed leaves its quarantine and is given work again", { timeout: 20_000 }, async () => {
    const actions = await simple("quarantined");
    const worker = await helve.worker({ actions, slots: 2, name: "mute" });
    const runId = await helve.run("quarantined");
    expect((await worker.next()).attempt).toBe(1);
    const wait = { rule: "not_accepting", workers: [{ detail: /^is in quarantine: / }] };
    await vi.waitFor(async () => expect(await why(runId)).toMatchObject([wait]), {
      timeout: 15_000,
    });
    await helve.engine.setWorkerPaused(helve.tenantId, worker.id, false);
    const again = await worker.next();
    expect(again).toMatchObject({ id: runId, attempt: 2 });
    await worker.succeed(again);
    expect(await helve.query("select quarantine_reason from worker where id = $1", [worker.id])).toEqual([
      { quarantine_reason: null },
    ]);
  });

  test("an attempt handed back by a stopping worker is not spent", async () => {
    const actions = await simple("returned");
    const worker = await helve.worker({ actions, slots: 1 });
    const runId = await helve.run("returned");
    const task = await worker.next();
    await helve.engine.unsubscribe(helve.tenantId, worker.id);
    await worker.report(task, { outcome: "returned" });
    const other = await helve.worker({ actions });
    const again = await other.next();
    expect(again).toMatchObject({ id: runId, attempt: 2 });
    await other.fail(again, "final");
    expect(await helve.ended(runId)).toMatchObject({ tasks: [{ error: "final" }] });
  });

  test("the execution timeout stops the code, spends a retry and frees the slot when the code has ended", async () => {
    const actions = await simple("slow", { timeout: "300ms", retries: 1 });
    const worker = await helve.worker({ actions, slots: 1 });
    const runId = await helve.run("slow");
    const first = await worker.next();
    const startedAt = performance.now();
    await worker.started(first);
    await worker.cancelled();
    expect(performance.now() - startedAt).toBeLessThan(600);
    expect(worker.sent, "the slot is still taken").toHaveLength(1);
    await worker.report(first, { outcome: "ended" });
    const second = await worker.next();
    expect(second.attempt).toBe(2);
    const result = await helve.ended(runId);
    expect(result).toMatchObject({ status: "failed", tasks: [{ error: "Task exceeded timeout of 300ms" }] });
  });

  test("nobody but its worker says that the code of a given-up attempt has ended", async () => {
    const actions = await simple("foreign");
    const worker = await helve.worker({ actions, slots: 1 });
    const other = await helve.worker({ actions: ["foreign:none"] });
    const first = await helve.run("foreign");
    const task = await worker.next();
    await worker.started(task);
    const next = await helve.run("foreign");
    await other.report(task, { outcome: "ended" });
    await helve.engine.cancel(helve.tenantId, [first], "enough");
    expect(await other.fail(task), "of another worker").toBe("late");
    await helve.engine.report(newId(), [{ taskId: task.id, attempt: 1, outcome: "ended" }]);
    expect(await why(next)).toMatchObject([{ rule: "busy" }]);
    await worker.report(task, { outcome: "ended" });
    expect((await worker.next()).id).toBe(next);
  });

  test("the slot of a cancelled attempt comes free after a while when its SDK does not say so", async () => {
    const actions = await simple("mute");
    const worker = await helve.worker({ actions, slots: 1, abandonedSlotMs: 300 });
    const runId = await helve.run("mute");
    const task = await worker.next();
    await worker.started(task);
    const next = await helve.run("mute");
    await helve.engine.cancel(helve.tenantId, [runId], "enough");
    expect((await worker.next()).id).toBe(next);
  });

  test("a released slot serves the next task at once", async () => {
    const actions = await simple("released");
    const worker = await helve.worker({ actions, slots: 1 });
    await helve.run("released");
    const first = await worker.next();
    await worker.started(first);
    const waiting = await helve.run("released");
    const elsewhere = helve.engine.releaseSlot(helve.tenantId, first.id, newId());
    await expect(elsewhere, "as another worker").rejects.toThrow("not found");
    await helve.engine.releaseSlot(helve.tenantId, first.id);
    expect((await worker.next()).id).toBe(waiting);
    expect(await worker.succeed(first)).toBe("accepted");
  });

  test("a timeout that was refreshed passes at the later moment", async () => {
    const actions = await simple("refreshed", { timeout: "500ms" });
    const worker = await helve.worker({ actions });
    const runId = await helve.run("refreshed");
    const task = await worker.next();
    await worker.started(task);
    const assignedAt = performance.now();
    await helve.engine.refreshTimeout(helve.tenantId, task.id, 500);
    expect(await helve.ended(runId)).toMatchObject({ status: "failed" });
    expect(performance.now() - assignedAt).toBeGreaterThan(900);
    await expect(helve.engine.refreshTimeout(helve.tenantId, task.id, 500)).rejects.toThrow("not found");
  });

  test("a task that nobody takes within its schedule timeout fails, and its on-failure task is not run", async () => {
    await helve.put({
      name: "unserved",
      tasks: [{ readableId: "a", action: "unserved:a", scheduleTimeout: "300ms" }],
      onFailureTask: { readableId: "hook", action: "unserved:hook" },
    });
    const triggeredAt = performance.now();
    const runId = await helve.run("unserved");
    const result = await helve.ended(runId);
    expect(performance.now() - triggeredAt).toBeLessThan(800);
    expect(result).toMatchObject({ status: "failed", tasks: [{ status: "failed" }, { status: "skipped" }] });
  });

  // Only its own `expect` knows which of the tests beside each other polls.
  test("a worker whose stream is its heartbeat is stored as heard of", async ({ expect }) => {
    const worker = await helve.worker({ actions: await simple("streaming") });
    const heardOf = async () => {
      const [row] = await helve.query<{ at: Date }>("select last_heartbeat_at as at from worker where id = $1", [
        worker.id,
      ]);
      return row?.at.getTime();
    };
    const before = await heardOf();
    await expect.poll(heardOf, { timeout: 10_000 }).toBeGreaterThan(before as number);
  });

  test("heartbeats of an unknown worker and of one without a stream are refused", async () => {
    const actions = await simple("beats");
    const worker = await helve.worker({ actions });
    await helve.engine.heartbeat(helve.tenantId, worker.id);
    const unknown = "01900000-0000-7000-8000-000000000001";
    await expect(helve.engine.heartbeat(helve.tenantId, unknown)).rejects.toMatchObject({ code: "not_found" });
    worker.stream?.closed("broken");
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await expect(helve.engine.heartbeat(helve.tenantId, worker.id)).rejects.toMatchObject({
      code: "failed_precondition",
    });
  });
});
