import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defineWorkflow } from "./define-workflow.ts";
import { workflowChecksum } from "./workflow-checksum.ts";
import type { TaskRegistration, WorkflowRegistration } from "./workflow-registration.ts";

const GROUP_A = "3da28127-001f-44fc-bf93-97b39e767cd3";
const GROUP_B = "f9bfeec5-5e68-4cd2-9f44-2a28fd0ecab3";
const GROUP_C = "588c1418-de94-455f-b238-46c5777af43b";

function checksum(input: WorkflowRegistration): string {
  return workflowChecksum(defineWorkflow(input));
}

function task(readableId: string, more: TaskRegistration = {}): TaskRegistration {
  return { readableId, action: `shop:${readableId}`, ...more };
}

function ofTask(more: TaskRegistration): string {
  return checksum({ name: "shop", tasks: [task("a", more)] });
}

function ofWorkflow(more: WorkflowRegistration): string {
  return checksum({ name: "shop", tasks: [task("a"), task("b")], ...more });
}

function ofGroups(...ids: string[]): string {
  const sleepConditions = ids.map((orGroupId) => ({
    base: { readableDataKey: "k", action: "QUEUE", orGroupId },
    sleepFor: "1s",
  }));
  return ofTask({ conditions: { sleepConditions } });
}

const PLAIN_TASK = ofTask({});
const PLAIN_WORKFLOW = ofWorkflow({});

it("is sha512 in hex, and stays what it is from release to release", () => {
  expect(PLAIN_TASK).toMatch(/^sha512:[0-9a-f]{128}$/);
  expect(PLAIN_TASK).toMatchInlineSnapshot(
    `"sha512:81d31fdc55be544bca88670891e94a93c91d9dcabe06727e4ce2b6fc9ec58271f9c9b63557067af64e14a3bb0ea8d58273b821b983a46c0f8ebc9ebe508e3bf9"`,
  );
});

describe("the checksum does not change", () => {
  it("with the order of tasks", () => {
    expect(ofWorkflow({ tasks: [task("b"), task("a")] })).toBe(PLAIN_WORKFLOW);
  });

  it("with a default written out", () => {
    expect(ofTask({ slotRequests: { default: 1 }, isDurable: false, timeout: "5m", conditions: {} })).toBe(PLAIN_TASK);
  });

  it("with the values of or-group ids", () => {
    expect(ofGroups(GROUP_A, GROUP_B, GROUP_A)).toBe(ofGroups(GROUP_C, GROUP_A, GROUP_C));
  });

  it("with the data key of a parent override", () => {
    const withKey = (readableDataKey: string): string =>
      ofWorkflow({
        tasks: [
          task("a"),
          task("b", {
            parents: ["a"],
            conditions: {
              parentOverrideConditions: [{ base: { readableDataKey, action: "SKIP" }, parentReadableId: "a" }],
            },
          }),
        ],
      });
    expect(withKey("a:2026-11-23T23:34:41")).toBe(withKey("a:2026-11-24T00:00:00"));
  });

  it("when the concurrency of a single task moves between workflow and task", () => {
    const concurrency = { expression: "input.x", maxRuns: 2 };
    const onTask = ofTask({ concurrency: [concurrency] });
    expect(checksum({ name: "shop", tasks: [task("a")], concurrency })).toBe(onTask);
    expect(checksum({ name: "shop", tasks: [task("a")], concurrencyArr: [concurrency] })).toBe(onTask);
  });

  it("with the order of a map", () => {
    expect(ofTask({ slotRequests: { a: 1, b: 2 } })).toBe(ofTask({ slotRequests: { b: 2, a: 1 } }));
    const [x, y] = [{ strValue: "x" }, { strValue: "y" }];
    expect(ofTask({ workerLabels: { x, y } })).toBe(ofTask({ workerLabels: { y, x } }));
  });

  it("with the order of the tasks of any graph", () => {
    const graph = fc.integer({ min: 2, max: 10 }).chain((count) => {
      const ids = Array.from({ length: count }, (_, i) => `t${(i * 7) % 10}`);
      const tasks = ids.map((id, i) => fc.subarray(ids.slice(0, i)).map((parents) => task(id, { parents })));
      return fc.tuple(...tasks);
    });
    const shuffled = graph.chain((tasks) =>
      fc.tuple(fc.constant(tasks), fc.shuffledSubarray(tasks, { minLength: tasks.length })),
    );
    fc.assert(
      fc.property(shuffled, ([tasks, again]) => {
        expect(ofWorkflow({ tasks: again })).toBe(ofWorkflow({ tasks }));
      }),
    );
  });
});

describe("the checksum changes", () => {
  it.each<[string, TaskRegistration]>([
    ["action", { action: "shop:other" }],
    ["timeout", { timeout: "61s" }],
    ["schedule timeout", { scheduleTimeout: "61s" }],
    ["retries", { retries: 1 }],
    ["back-off", { backoffFactor: 2 }],
    ["durable", { isDurable: true }],
    ["slots", { slotRequests: { default: 2 } }],
    ["labels", { workerLabels: { gpu: { intValue: 1 } } }],
    ["rate limits", { rateLimits: [{ key: "k" }] }],
    ["concurrency", { concurrency: [{ expression: "x" }] }],
    ["batch", { batch: { batchMaxSize: 2 } }],
  ])("with a task's %s", (_, more) => {
    expect(ofTask(more)).not.toBe(PLAIN_TASK);
  });

  it.each<[string, WorkflowRegistration]>([
    ["name", { name: "shop2" }],
    ["description", { description: "d" }],
    ["event triggers", { eventTriggers: ["e"] }],
    ["cron triggers", { cronTriggers: ["* * * * *"] }],
    ["cron input", { cronInput: "{}" }],
    ["parents", { tasks: [task("a"), task("b", { parents: ["a"] })] }],
    ["on-failure task", { onFailureTask: task("hook") }],
    ["concurrency", { concurrency: { expression: "x" } }],
    ["sticky", { sticky: "SOFT" }],
    ["default priority", { defaultPriority: 1 }],
    ["default filters", { defaultFilters: [{ expression: "true", scope: "s" }] }],
    ["input schema", { inputJsonSchema: "{}" }],
    ["idempotency", { idempotency: { expression: "x", ttlMs: 1 } }],
  ])("with a workflow's %s", (_, more) => {
    expect(ofWorkflow(more)).not.toBe(PLAIN_WORKFLOW);
  });

  it("with the order of a list", () => {
    expect(ofWorkflow({ eventTriggers: ["a", "b"] })).not.toBe(ofWorkflow({ eventTriggers: ["b", "a"] }));
    const [x, y] = [{ expression: "x" }, { expression: "y" }];
    expect(ofTask({ concurrency: [x, y] })).not.toBe(ofTask({ concurrency: [y, x] }));
  });

  it("when two or-groups become one", () => {
    expect(ofGroups(GROUP_A, GROUP_A)).not.toBe(ofGroups(GROUP_A, GROUP_B));
  });
});
