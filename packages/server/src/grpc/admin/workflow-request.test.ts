import { v1 } from "@helve/contracts";
import { defineWorkflow } from "@helve/core";
import { expect, test } from "vitest";
import { readWorkflow } from "./workflow-request.ts";

function read(request: Parameters<typeof v1.CreateWorkflowVersionRequest.create>[0]) {
  return readWorkflow(v1.CreateWorkflowVersionRequest.create(request));
}

test("brings every field into the shape that core checks", () => {
  const registration = read({
    name: "order",
    description: "d",
    eventTriggers: ["order:new"],
    cronTriggers: ["0 9 * * *"],
    cronInput: "{}",
    sticky: v1.StickyStrategy.HARD,
    defaultPriority: 2,
    concurrency: { expression: "input.a", maxRuns: 2, limitStrategy: v1.ConcurrencyLimitStrategy.GROUP_ROUND_ROBIN },
    concurrencyArr: [{ expression: "input.b" }],
    defaultFilters: [{ expression: "true", scope: "s", payload: Buffer.from('{"x":1}') }],
    inputJsonSchema: Buffer.from('{"type":"object"}'),
    idempotency: { expression: "input.id", ttlMs: 1000, method: v1.IdempotencyMethod.STATUS },
    tasks: [
      {
        readableId: "a",
        action: "order:a",
        timeout: "60s",
        scheduleTimeout: "5m",
        retries: 3,
        backoffFactor: 2,
        backoffMaxSeconds: 30,
        slotRequests: { default: 2 },
        rateLimits: [{ key: "k", units: 1, duration: v1.RateLimitDuration.HOUR }],
        workerLabels: { gpu: { strValue: "a100", required: true, comparator: v1.WorkerLabelComparator.NOT_EQUAL } },
        batch: { batchMaxSize: 10 },
      },
      {
        readableId: "b",
        action: "order:b",
        parents: ["a"],
        isDurable: true,
        conditions: {
          sleepConditions: [{ base: { readableDataKey: "s", action: v1.Action.SKIP, orGroupId: "" }, sleepFor: "2s" }],
          userEventConditions: [{ base: { readableDataKey: "e", action: v1.Action.QUEUE }, userEventKey: "go" }],
          parentOverrideConditions: [{ base: { action: v1.Action.CANCEL }, parentReadableId: "a" }],
        },
      },
    ],
    onFailureTask: { readableId: "oops", action: "order:oops" },
  });

  const definition = defineWorkflow(registration);
  expect(definition).toMatchObject({
    name: "order",
    description: "d",
    eventTriggers: ["order:new"],
    cronTriggers: ["0 9 * * *"],
    cronInput: "{}",
    sticky: "hard",
    defaultPriority: 2,
    concurrency: [
      { expression: "input.a", maxRuns: 2, strategy: "group_round_robin" },
      { expression: "input.b", maxRuns: 1, strategy: "cancel_in_progress" },
    ],
    defaultFilters: [{ expression: "true", scope: "s", payload: '{"x":1}' }],
    inputJsonSchema: '{"type":"object"}',
    idempotency: { expression: "input.id", ttlMs: 1000, method: "status" },
    onFailure: { readableId: "oops", action: "order:oops" },
  });
  const [a, b] = definition.tasks;
  expect(a).toMatchObject({
    executionTimeoutMs: 60_000,
    scheduleTimeoutMs: 300_000,
    retries: 3,
    backoffFactor: 2,
    backoffMaxSeconds: 30,
    slotRequests: { default: 2 },
    rateLimits: [{ key: "k", units: 1, window: "hour" }],
    workerLabels: [{ key: "gpu", value: "a100", required: true, comparator: "not_equal" }],
    batch: { maxSize: 10 },
  });
  expect(b).toMatchObject({
    isDurable: true,
    parents: ["a"],
    conditions: {
      sleeps: [{ key: "s", action: "skip", sleepForMs: 2_000 }],
      userEvents: [{ key: "e", action: "queue", eventKey: "go" }],
      parentOverrides: [{ action: "cancel", parent: "a" }],
    },
  });
});

test("a number without a word is refused with the allowed words", () => {
  const concurrency = { expression: "x", limitStrategy: 9 as v1.ConcurrencyLimitStrategy };

  expect(() => defineWorkflow(read({ name: "w", concurrency, tasks: [{ readableId: "a", action: "w:a" }] }))).toThrow(
    'limit_strategy is "9": it must be one of CANCEL_IN_PROGRESS',
  );
});

test("conditions that are there and empty are none, as some clients send them", () => {
  const task = { readableId: "a", action: "w:a", conditions: {} };

  expect(defineWorkflow(read({ name: "w", tasks: [task] })).tasks[0]?.conditions).toBeUndefined();
});
