import { afterAll, describe, expect, inject, test } from "vitest";
import { RawStage, type TaskFields } from "../support/raw-stage.ts";

const engine = inject("engine");
const stages: RawStage[] = [];
afterAll(() => {
  for (const stage of stages) stage.close();
});

async function open(task: TaskFields = {}): Promise<RawStage> {
  const stage = await RawStage.open(engine, [task], "raw-lines");
  stages.push(stage);
  return stage;
}

describe.concurrent("who goes next", () => {
  test("runs of one priority go in the order they came", async () => {
    const stage = await open();
    const worker = await stage.worker(1);
    const runs: string[] = [];
    for (let n = 0; n < 12; n++) runs.push(await stage.trigger({ n }));
    for (const run of runs) {
      const action = await worker.next();
      expect(action.workflowRunId).toBe(run);
      await worker.complete(action);
    }
  });

  test("higher priorities go first, equal ones in the order they came", async () => {
    const stage = await open();
    const worker = await stage.worker(1);
    await stage.trigger();
    const busy = await worker.next();
    const waiting: { run: string; priority: number }[] = [];
    for (const priority of [1, 3, 2, 3, 1, 2]) waiting.push({ run: await stage.trigger({}, { priority }), priority });
    await worker.complete(busy);
    const seen: string[] = [];
    for (const _ of waiting) {
      const action = await worker.next();
      seen.push(action.workflowRunId);
      await worker.complete(action);
    }
    waiting.sort((one, other) => other.priority - one.priority);
    expect(seen).toEqual(waiting.map(({ run }) => run));
  });

  test("a retry goes before waiting runs of the highest priority", async () => {
    const stage = await open({ retries: 1 });
    const worker = await stage.worker(1);
    await stage.trigger();
    const failing = await worker.next();
    await stage.trigger({}, { priority: 3 });
    await worker.report(failing, "failed", { payload: "once" });
    expect(await worker.next()).toMatchObject({ taskRunExternalId: failing.taskRunExternalId, retryCount: 1 });
  });

  test("never more runs than slots, and the next one as soon as one ends", async () => {
    const stage = await open();
    const worker = await stage.worker(3);
    for (let n = 0; n < 30; n++) await stage.trigger({ n });
    let done = 0;
    const held = [await worker.next(), await worker.next(), await worker.next()];
    while (done < 30) {
      expect(worker.actions.length - done).toBeLessThanOrEqual(3);
      await worker.complete(held.shift() as never);
      done++;
      if (done <= 27) held.push(await worker.next());
    }
    expect(worker.actions).toHaveLength(30);
  });

  test("runs are spread over equal workers", async () => {
    const stage = await open();
    const [one, two] = [await stage.worker(10), await stage.worker(10, ["a"], `${stage.name}-second`)];
    const runs = await Promise.all(Array.from({ length: 10 }, () => stage.trigger()));
    for (const run of runs) {
      await Promise.any([one.action("start", run), two.action("start", run)]);
    }
    expect(one.actions.length + two.actions.length).toBe(10);
    expect(Math.min(one.actions.length, two.actions.length)).toBeGreaterThanOrEqual(3);
  });

  test("a worker gets only what it registered for", async () => {
    const stage = await RawStage.open(engine, [{ readableId: "a" }, { readableId: "b" }], "raw-lines");
    stages.push(stage);
    const [left, right] = [await stage.worker(20, ["a"]), await stage.worker(20, ["b"], `${stage.name}-b`)];
    for (let n = 0; n < 10; n++) {
      await stage.trigger();
      await left.complete(await left.next());
      await right.complete(await right.next());
    }
    expect(new Set(left.actions.map((action) => action.taskName))).toEqual(new Set(["a"]));
    expect(new Set(right.actions.map((action) => action.taskName))).toEqual(new Set(["b"]));
  });

  test("a waiting run goes to the worker that comes, at once, and says meanwhile that nobody is there", async () => {
    const stage = await open();
    const run = await stage.trigger();
    expect(await stage.rest.status(run)).toBe("QUEUED");
    const types = (await stage.rest.taskEvents(run)).map((event) => event.type);
    expect(types).toContain("QUEUED");
    const worker = await stage.registeredWorker(1);
    const listenedAt = Date.now();
    await worker.listen();
    const action = await worker.action("start", run);
    expect(Date.now() - listenedAt).toBeLessThan(500);
    await worker.complete(action);
  });

  test("an idle worker has a triggered run within moments", async () => {
    const stage = await open();
    const worker = await stage.worker(1);
    const waits: number[] = [];
    for (let n = 0; n < 20; n++) {
      const triggeredAt = performance.now();
      const action = await stage.start(worker);
      waits.push(performance.now() - triggeredAt);
      await worker.complete(action);
    }
    const middle = waits.sort((one, other) => one - other)[10] ?? Number.POSITIVE_INFINITY;
    expect(middle).toBeLessThan(50);
  });
});
