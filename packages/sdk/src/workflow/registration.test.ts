import { v1 } from "@helve/contracts";
import { describe, expect, test } from "vitest";
import { Priority } from "./priority.ts";
import { actionId, toRegistration, workflowNameOnWire } from "./registration.ts";
import { TaskWorkflowDeclaration } from "./task-declaration.ts";
import { CreateWorkflow } from "./workflow-declaration.ts";

describe("names", () => {
  test("workflows are known in lower case, with their namespace", () => {
    expect(workflowNameOnWire("MyFlow", "dev_")).toBe("dev_myflow");
    expect(actionId("myflow", "FirstStep")).toBe("myflow:firststep");
  });
});

describe("toRegistration", () => {
  test("a task that stands alone is a workflow of one task", () => {
    const task = new TaskWorkflowDeclaration({
      name: "Send",
      fn: () => ({}),
      retries: 3,
      backoff: { factor: 2, maxSeconds: 60 },
      executionTimeout: { minutes: 5 },
      scheduleTimeout: "10m",
      slotCost: 2,
      onEvents: ["order:paid"],
      defaultPriority: Priority.HIGH,
    });
    const registration = toRegistration(task.definition, "dev_");
    expect(registration).toMatchObject({ name: "dev_send", eventTriggers: ["dev_order:paid"], defaultPriority: 3 });
    expect(registration.tasks).toEqual([
      expect.objectContaining({
        readableId: "Send",
        action: "dev_send:send",
        timeout: "300000ms",
        scheduleTimeout: "10m",
        retries: 3,
        backoffFactor: 2,
        backoffMaxSeconds: 60,
        slotRequests: { default: 2 },
        isDurable: false,
      }),
    ]);
  });

  test("a task without timeouts has a minute to run, and what the engine says to wait", () => {
    const { definition } = new TaskWorkflowDeclaration({ name: "send", fn: () => ({}) });
    expect(toRegistration(definition, "").tasks[0]).toMatchObject({ timeout: "60s", scheduleTimeout: undefined });
  });

  test("tasks name their parents, and take from the workflow what they do not say", () => {
    const flow = CreateWorkflow({ name: "flow", taskDefaults: { retries: 2, executionTimeout: "5s" } });
    const first = flow.task({ name: "first", fn: () => ({ a: 1 }) });
    flow.task({ name: "second", parents: [first], retries: 0, fn: () => ({}) });
    expect(toRegistration(flow.definition, "").tasks).toMatchObject([
      { readableId: "first", parents: [], retries: 2, timeout: "5s" },
      { readableId: "second", parents: ["first"], retries: 0, timeout: "5s" },
    ]);
  });

  test("the task for success stands behind all those that nothing stands behind", () => {
    const flow = CreateWorkflow({ name: "flow" });
    const a = flow.task({ name: "a", fn: () => ({}) });
    flow.task({ name: "b", parents: [a], fn: () => ({}) });
    flow.task({ name: "c", fn: () => ({}) });
    flow.onSuccess({ fn: () => ({}) });
    const { tasks } = toRegistration(flow.definition, "");
    expect(tasks.at(-1)).toMatchObject({ readableId: "on-success-task", parents: ["b", "c"] });
  });

  test("the task for failure is apart from the others", () => {
    const flow = CreateWorkflow({ name: "flow", taskDefaults: { concurrency: { expression: "input.k" } } });
    flow.task({ name: "a", fn: () => ({}) });
    flow.onFailure({ fn: () => ({}), retries: 1 });
    const { tasks, onFailureTask } = toRegistration(flow.definition, "");
    expect(tasks).toHaveLength(1);
    expect(onFailureTask).toMatchObject({ readableId: "on-failure-task", action: "flow:on-failure-task", retries: 1 });
    expect(onFailureTask?.concurrency).toEqual([]);
  });

  test("limits, labels, placement and keys are passed on", () => {
    const { definition } = new TaskWorkflowDeclaration({
      name: "t",
      fn: () => ({}),
      concurrency: { expression: "input.user", maxRuns: 2 },
      rateLimits: [
        { staticKey: "api", units: 1 },
        { dynamicKey: "input.user", units: "input.n", limit: 10, duration: v1.RateLimitDuration.HOUR },
      ],
      desiredWorkerLabels: { region: { value: "eu", required: true }, memory: { value: 512 } },
      sticky: "hard",
      onCrons: ["0 * * * *"],
      idempotency: { expression: "input.id", strategy: "ttl", ttlMs: 1000 },
    });
    const registration = toRegistration(definition, "");
    expect(registration).toMatchObject({
      sticky: v1.StickyStrategy.HARD,
      cronTriggers: ["0 * * * *"],
      idempotency: { expression: "input.id", ttlMs: 1000, method: v1.IdempotencyMethod.TTL },
    });
    expect(registration.tasks[0]).toMatchObject({
      concurrency: [{ expression: "input.user", maxRuns: 2 }],
      rateLimits: [
        { key: "api", units: 1, limitValuesExpr: "-1" },
        { key: "input.user", keyExpr: "input.user", unitsExpr: "input.n", limitValuesExpr: "10", duration: 2 },
      ],
      workerLabels: { region: { strValue: "eu", required: true }, memory: { intValue: 512 } },
    });
  });

  test.each([
    ["a workflow without tasks", () => CreateWorkflow({ name: "empty" }), "has no tasks"],
    ["half a slot", () => new TaskWorkflowDeclaration({ name: "t", slotCost: 0.5 }), "slotCost"],
    [
      "a rate limit without a key",
      () => new TaskWorkflowDeclaration({ name: "t", rateLimits: [{ units: 1 }] }),
      "staticKey or dynamicKey",
    ],
    [
      "a dynamic rate limit without a limit",
      () => new TaskWorkflowDeclaration({ name: "t", rateLimits: [{ dynamicKey: "input.k", units: 1 }] }),
      "needs a limit",
    ],
  ])("refuses %s", (_case, declare, text) => {
    expect(() => toRegistration(declare().definition, "")).toThrow(text);
  });
});
