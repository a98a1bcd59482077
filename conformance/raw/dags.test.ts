import { type AssignedAction, v1 } from "@helve/contracts";
import { afterAll, describe, expect, inject, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { Loose } from "../support/loose.ts";
import { RawStage, type TaskFields } from "../support/raw-stage.ts";
import type { RawWorker } from "../support/raw-worker.ts";
import { RunResults } from "../support/run-results.ts";

const engine = inject("engine");
const stages: RawStage[] = [];
afterAll(() => {
  for (const stage of stages) stage.close();
});

const DIAMOND = [
  { readableId: "a" },
  { readableId: "b", parents: ["a"] },
  { readableId: "c", parents: ["a"] },
  { readableId: "d", parents: ["b", "c"] },
];

async function open(tasks: TaskFields[] = DIAMOND): Promise<{ stage: RawStage; worker: RawWorker }> {
  const stage = await RawStage.open(engine, tasks, "raw-dag");
  stages.push(stage);
  const names = tasks.map((task) => task.readableId ?? "a");
  return { stage, worker: await stage.worker(100, names) };
}

/** The id of the first task of a run that has just been triggered. */
async function taskOf(stage: RawStage, run: string): Promise<string> {
  return eventually("the first task", 5_000, async () => (await stage.details(run)).taskRuns.a?.externalId);
}

describe.concurrent("a run of many tasks", () => {
  test("hands each task out when its parents are done, with their outputs", async () => {
    const { stage, worker } = await open();
    const run = await stage.trigger({ n: 1 });
    const a = await worker.next();
    expect(a).toMatchObject({ taskName: "a", workflowRunId: run });
    expect(a.taskRunExternalId).not.toBe(run);
    const reportedAt = Date.now();
    await worker.complete(a, { va: 2 });
    const middle = [await worker.next(), await worker.next()];
    expect(Date.now() - reportedAt).toBeLessThan(500);
    expect(middle.map((action) => action.taskName).sort()).toEqual(["b", "c"]);
    for (const action of middle) {
      expect((JSON.parse(action.actionPayload) as Loose).parents).toEqual({ a: { va: 2 } });
      await worker.complete(action, { by: action.taskName });
    }
    const d = await worker.next();
    const { input, parents } = JSON.parse(d.actionPayload) as Loose;
    expect(input).toEqual({ n: 1 });
    expect(parents).toEqual({ a: { va: 2 }, b: { by: "b" }, c: { by: "c" } });
    await worker.complete(d, { end: true });
    const stream = new RunResults(stage.grpc);
    const { results } = await stream.of(run);
    expect(results.map((result) => result.taskName).sort()).toEqual(["a", "b", "c", "d"]);
    expect(await stage.rest.status(run)).toBe("COMPLETED");
    stream.cancel();
  });

  test("hands the last task out once when its parents end at the same instant", async () => {
    const { stage, worker } = await open();
    await Promise.all(Array.from({ length: 20 }, () => stage.trigger()));
    const roots = await Promise.all(Array.from({ length: 20 }, () => worker.next()));
    await Promise.all(roots.map((action) => worker.complete(action)));
    const middle = await Promise.all(Array.from({ length: 40 }, () => worker.next()));
    await Promise.all(middle.map((action) => worker.complete(action)));
    const last = await Promise.all(Array.from({ length: 20 }, () => worker.next()));
    expect(new Set(last.map((action) => action.workflowRunId)).size).toBe(20);
    await Promise.all(last.map((action) => worker.complete(action)));
    expect(worker.actions).toHaveLength(80);
  });

  test("cancels what stands below a failure, lets the rest end, and fails only then", async () => {
    const { stage, worker } = await open([
      { readableId: "a" },
      { readableId: "below", parents: ["a"] },
      { readableId: "deeper", parents: ["below"] },
      { readableId: "beside" },
      { readableId: "later", parents: ["beside"] },
    ]);
    const run = await stage.trigger();
    const roots = [await worker.next(), await worker.next()];
    const [a, beside] = roots.sort((one, other) => one.taskName.localeCompare(other.taskName));
    await worker.report(a as AssignedAction, "failed", { payload: "broken" });
    await eventually("the cancel below", 5_000, async () => {
      const { taskRuns } = await stage.details(run);
      return taskRuns.deeper?.status === v1.RunStatus.CANCELLED || undefined;
    });
    expect(await stage.rest.status(run)).toBe("RUNNING");
    await worker.complete(beside as AssignedAction);
    await worker.complete(await worker.next());
    await stage.rest.statusBecomes(run, "FAILED");
    expect(worker.actions.map((action) => action.taskName).sort()).toEqual(["a", "beside", "later"]);
  });

  test("is cancelled as a whole, what runs and what waits", async () => {
    const { stage, worker } = await open();
    const run = await stage.trigger();
    const a = await worker.next();
    await stage.cancel(run);
    await worker.action("cancel", a.taskRunExternalId);
    await stage.rest.statusBecomes(run, "CANCELLED");
    await worker.complete(a);
    // What waited below would be handed out before the tasks of a run that comes later.
    const other = await stage.trigger();
    await worker.complete(await worker.action("start", await taskOf(stage, other)));
    const below = worker.actions.filter((action) => action.workflowRunId === run);
    expect(below.map((action) => action.taskRunExternalId)).toEqual([a.taskRunExternalId, a.taskRunExternalId]);
    expect(await stage.rest.status(run)).toBe("CANCELLED");
  });

  test("is replayed as a whole, from its first task", async () => {
    const { stage, worker } = await open([{ readableId: "a" }, { readableId: "b", parents: ["a"] }]);
    const run = await stage.trigger({ n: 1 });
    await worker.complete(await worker.next(), { round: 1 });
    await worker.complete(await worker.next(), { round: 1 });
    await stage.rest.statusBecomes(run, "COMPLETED");
    await stage.replay(run);
    const again = await worker.next();
    expect(again).toMatchObject({ workflowRunId: run, taskName: "a", retryCount: 1 });
    await worker.complete(again, { round: 2 });
    const last = await worker.next();
    expect(last).toMatchObject({ taskName: "b", retryCount: 1 });
    expect((JSON.parse(last.actionPayload) as Loose).parents).toMatchObject({ a: { round: 2 } });
    await worker.complete(last, { round: 2 });
    await stage.rest.statusBecomes(run, "COMPLETED");
  });
});
