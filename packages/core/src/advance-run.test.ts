import { expect, test } from "vitest";
import { advanceRun, childrenByNumber } from "./advance-run.ts";
import type { TaskDefinition, WorkflowDefinition } from "./workflow-definition.ts";

function dag(tasks: Record<string, string[]>, options: { onFailure?: boolean } = {}): WorkflowDefinition {
  const task = (readableId: string, parents: string[]): TaskDefinition => ({
    readableId,
    action: `w:${readableId}`,
    parents,
    executionTimeoutMs: 1000,
    scheduleTimeoutMs: 1000,
    retries: 0,
    isDurable: false,
    slotRequests: { default: 1 },
    workerLabels: [],
    concurrency: [],
    rateLimits: [],
  });
  return {
    name: "w",
    description: "",
    tasks: Object.entries(tasks).map(([name, parents]) => task(name, parents)),
    ...(options.onFailure && { onFailure: task("hook", []) }),
    eventTriggers: [],
    cronTriggers: [],
    concurrency: [],
    defaultFilters: [],
  };
}

const diamond = dag({ a: [], b: ["a"], c: ["a"], d: ["b", "c"] });
const children = childrenByNumber(diamond);
const succeeded = (number: number) => ({ number, status: "succeeded" as const, callsOnFailure: false });
const failed = (number: number) => ({ number, status: "failed" as const, callsOnFailure: true });

test("children become ready when their last parent succeeds", () => {
  const first = advanceRun(
    diamond,
    children,
    { remaining: 4, failed: 0, cancelled: 0 },
    new Map([
      [2, 1],
      [3, 1],
    ]),
    [succeeded(1)],
  );
  expect(first.ready).toEqual([2, 3]);
  expect(first.status).toBeNull();
  const second = advanceRun(diamond, children, first.run, new Map([[4, 2]]), [succeeded(2)]);
  expect(second).toMatchObject({ ready: [], nearer: new Map([[4, 1]]) });
});

test("two parents that end in one step ready their child once", () => {
  const both = advanceRun(diamond, children, { remaining: 3, failed: 0, cancelled: 0 }, new Map([[4, 2]]), [
    succeeded(2),
    succeeded(3),
  ]);
  expect(both.ready).toEqual([4]);
});

test("a failure cancels all that depend on it and nothing else", () => {
  const after = advanceRun(diamond, children, { remaining: 3, failed: 0, cancelled: 0 }, new Map([[4, 2]]), [
    failed(2),
  ]);
  expect(after).toMatchObject({
    cancelled: [4],
    ready: [],
    status: null,
    run: { remaining: 1, failed: 1, cancelled: 1 },
  });
});

test("a child whose one parent succeeds and whose other fails in the same step is cancelled", () => {
  const after = advanceRun(diamond, children, { remaining: 3, failed: 0, cancelled: 0 }, new Map([[4, 2]]), [
    succeeded(3),
    failed(2),
  ]);
  expect(after).toMatchObject({ cancelled: [4], ready: [], status: "failed" });
});

test("the first failure calls the on-failure task", () => {
  const withHook = dag({ a: [], b: ["a"] }, { onFailure: true });
  const after = advanceRun(
    withHook,
    childrenByNumber(withHook),
    { remaining: 3, failed: 0, cancelled: 0 },
    new Map([
      [2, 1],
      [3, 0],
    ]),
    [failed(1)],
  );
  expect(after).toMatchObject({ ready: [3], cancelled: [2], status: null });
});

test("the on-failure task is skipped when nothing else is left", () => {
  const withHook = dag({ a: [] }, { onFailure: true });
  const after = advanceRun(
    withHook,
    childrenByNumber(withHook),
    { remaining: 2, failed: 0, cancelled: 0 },
    new Map([[2, 0]]),
    [succeeded(1)],
  );
  expect(after).toMatchObject({ skipped: [2], status: "succeeded" });
});

test("a run with a failed and a cancelled task has failed", () => {
  const after = advanceRun(diamond, children, { remaining: 1, failed: 0, cancelled: 1 }, new Map(), [failed(3)]);
  expect(after.status).toBe("failed");
});
