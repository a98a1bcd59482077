import { expect, it } from "vitest";
import { defineWorkflow } from "./define-workflow.ts";
import { unservedFeatures } from "./unserved-features.ts";
import type { TaskRegistration, WorkflowRegistration } from "./workflow-registration.ts";

const plain: TaskRegistration = { readableId: "b", action: "shop:b" };

function unserved(workflow: WorkflowRegistration, task: TaskRegistration = {}): string[] {
  const tasks = [plain, { readableId: "a", action: "shop:a", ...task }];
  return unservedFeatures(defineWorkflow({ name: "shop", tasks, ...workflow }));
}

it("finds nothing in a graph with triggers, retries, priorities, placement and an on-failure task", () => {
  const onFailureTask = { readableId: "hook", action: "shop:hook" };
  const workflow = {
    eventTriggers: ["e:*"],
    defaultPriority: 2,
    inputJsonSchema: "{}",
    cronInput: "{}",
    sticky: "HARD",
    onFailureTask,
  };
  const task = { parents: ["b"], retries: 3, backoffFactor: 2, slotRequests: { default: 2 } };
  expect(unserved(workflow, { ...task, workerLabels: { gpu: { intValue: 1 } } })).toEqual([]);
});

it.each<[string, WorkflowRegistration]>([
  ["cron_triggers", { cronTriggers: ["* * * * *"] }],
  ["concurrency", { concurrency: { expression: "input.x" } }],
  ["default_filters", { defaultFilters: [{ expression: "true", scope: "s" }] }],
  ["idempotency", { idempotency: { expression: "input.x", ttlMs: 1 } }],
])("names %s of the workflow", (field, workflow) => {
  expect(unserved(workflow)).toEqual([field]);
});

it.each<[string, TaskRegistration]>([
  ["is_durable", { isDurable: true }],
  ["concurrency", { concurrency: [{ expression: "input.x" }] }],
  ["rate_limits", { rateLimits: [{ key: "k" }] }],
  [
    "conditions",
    { conditions: { userEventConditions: [{ base: { readableDataKey: "k", action: "QUEUE" }, userEventKey: "e" }] } },
  ],
  ["batch", { batch: { batchMaxSize: 2 } }],
])("names %s of a task", (field, task) => {
  expect(unserved({}, task)).toEqual([`${field} of task 'a'`]);
});

it("looks at the on-failure task too and lists everything in use", () => {
  const onFailureTask = { readableId: "hook", action: "shop:hook", isDurable: true };
  expect(unserved({ cronTriggers: ["* * * * *"], onFailureTask }, { rateLimits: [{ key: "k" }] })).toEqual([
    "cron_triggers",
    "rate_limits of task 'a'",
    "is_durable of task 'hook'",
  ]);
});
