import { afterAll, describe, expect, inject, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { ending } from "../support/grpc.ts";
import { RawStage } from "../support/raw-stage.ts";
import { RawWorker } from "../support/raw-worker.ts";

const engine = inject("engine");
const stages: RawStage[] = [];
afterAll(() => {
  for (const stage of stages) stage.close();
});

async function open(): Promise<RawStage> {
  const stage = await RawStage.open(engine, undefined, "raw-lost");
  stages.push(stage);
  return stage;
}

describe.concurrent("a worker whose stream is gone", () => {
  test("gets nothing at once, and no attempt is spent on it", async () => {
    const stage = await open();
    const worker = await stage.worker(5);
    await worker.complete(await stage.start(worker));
    worker.stopHeartbeats();
    worker.hangUp();
    // The trigger comes over another connection: it must not overtake the news.
    await eventually(
      "a refused heartbeat",
      3_000,
      async () => (await ending(worker.heartbeat())).code !== "OK" || undefined,
    );
    const run = await stage.trigger();
    expect(await stage.rest.status(run)).toBe("QUEUED");
    await worker.listen();
    const action = await worker.action("start", run, 0);
    await worker.complete(action);
    const types = (await stage.rest.taskEvents(run)).map((event) => event.type);
    expect(types.filter((type) => type === "ASSIGNED")).toHaveLength(1);
    expect(types).not.toContain("FAILED");
  });

  test("has its heartbeats refused until it listens again", async () => {
    const stage = await open();
    const worker = await stage.worker(5);
    worker.stopHeartbeats();
    worker.hangUp();
    await worker.streamEnds();
    const refused = await eventually("a refused heartbeat", 3_000, async () => {
      const seen = await ending(worker.heartbeat());
      return seen.code === "OK" ? undefined : seen;
    });
    expect(refused).toEqual({
      code: "FAILED_PRECONDITION",
      text: expect.stringContaining(`worker stream is not active: ${worker.id}`),
    });
    await worker.listen({ heartbeats: false });
    await worker.heartbeat();
  });

  test("keeps a task while its connection lives, and reports it after listening again", async () => {
    const stage = await open();
    const worker = await stage.worker(5);
    const action = await stage.start(worker);
    await worker.report(action, "started");
    const other = await stage.worker(5, ["a"], `${stage.name}-other`);
    worker.hangUp();
    await worker.streamEnds();
    await expect(other.action("start", action.taskRunExternalId, 1, 4_000)).rejects.toThrow(/no start/);
    await worker.listen();
    await expect(other.action("start", action.taskRunExternalId, 1, 10_000)).rejects.toThrow(/no start/);
    await worker.complete(action, { ok: 1 });
    expect(await stage.status(action.workflowRunId)).toBe("COMPLETED");
  });

  test("loses its task within 2 s when its connection is gone too", async () => {
    const stage = await open();
    const worker = await stage.worker(5);
    const action = await stage.start(worker);
    await worker.report(action, "started");
    const other = await stage.worker(5, ["a"], `${stage.name}-other`);
    const goneAt = Date.now();
    worker.close();
    const again = await other.action("start", action.taskRunExternalId, 1);
    expect(Date.now() - goneAt).toBeLessThan(2_000);
    const event = await stage.rest.taskEvent(action.taskRunExternalId, "REASSIGNED");
    expect(event.retry).toBe(0);
    await other.complete(again, { by: "other" });
    // Its code may still run somewhere; what it says now comes too late.
    const late = stage.keep(RawWorker.again(engine, worker.id));
    await late.report(action, "completed", { payload: '{"by":"first"}' });
    expect((await stage.details(action.workflowRunId)).taskRuns.a?.output?.toString()).toBe('{"by":"other"}');
  });

  test("is given up in time though another worker has reported about its task", async () => {
    const stage = await open();
    const [first, second, third] = await Promise.all(
      ["first", "second", "third"].map((name) => stage.registeredWorker(5, ["a"], `${stage.name}-${name}`)),
    );
    if (!first || !second || !third) throw new Error("three workers were asked for");
    const action = await stage.start(await first.listen());
    await first.report(action, "started");
    await second.listen();
    first.close();
    const again = await second.action("start", action.taskRunExternalId, 1);
    await second.report(again, "started");
    // The first worker is still there and says, too late, how its attempt ended. That makes the task none of its own.
    const late = stage.keep(RawWorker.again(engine, first.id));
    await late.report(action, "completed", { payload: '{"late":1}' });
    await third.listen();
    const goneAt = Date.now();
    second.close();
    await third.complete(await third.action("start", action.taskRunExternalId, 2, 15_000));
    expect(Date.now() - goneAt).toBeLessThan(2_000);
  });

  test("keeps its task when it is back on a new connection within a second", async () => {
    const stage = await open();
    const worker = await stage.worker(5);
    const action = await stage.start(worker);
    await worker.report(action, "started");
    const other = await stage.worker(5, ["a"], `${stage.name}-other`);
    worker.close();
    const back = stage.keep(RawWorker.again(engine, worker.id));
    await back.listen();
    await expect(other.action("start", action.taskRunExternalId, 1, 4_000)).rejects.toThrow(/no start/);
    await back.report(action, "completed", { payload: '{"ok":1}' });
    expect(await stage.status(action.workflowRunId)).toBe("COMPLETED");
  });
});

describe.concurrent("the old way to listen", () => {
  test("needs no heartbeats", async () => {
    const stage = await open();
    const worker = await stage.registeredWorker(1);
    await worker.listen({ old: true });
    // Longer than a worker of the newer way could stay silent.
    await expect(worker.next(13_000)).rejects.toThrow(/no action/);
    await worker.complete(await stage.start(worker));
  });
});
