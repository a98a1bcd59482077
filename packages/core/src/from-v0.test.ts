import { expect, it } from "vitest";
import { defineWorkflow } from "./define-workflow.ts";
import { fromV0 } from "./from-v0.ts";

const step = { readableId: "long", action: "v0long:long", timeout: "60s" };

it("makes one list of tasks of the steps of all jobs, and lets parents stand in another job", () => {
  const definition = defineWorkflow(
    fromV0({
      name: "V0Long",
      jobs: [{ steps: [step] }, { steps: [{ ...step, readableId: "next", parents: ["long"], retries: 2 }] }],
      scheduleTimeout: "5m",
    }),
  );
  expect(definition.name).toBe("V0Long");
  expect(definition.tasks).toMatchObject([
    { readableId: "long", parents: [], executionTimeoutMs: 60_000 },
    { readableId: "next", parents: ["long"], retries: 2 },
  ]);
});

it("is the same version as the same workflow in the present form", () => {
  const v0 = fromV0({
    name: "w",
    description: "d",
    eventTriggers: ["e"],
    cronTriggers: ["* * * * *"],
    cronInput: "{}",
    jobs: [
      {
        steps: [
          {
            ...step,
            backoffFactor: 2,
            backoffMaxSeconds: 5,
            rateLimits: [{ key: "k" }],
            workerLabels: { x: { intValue: 1 } },
          },
        ],
      },
    ],
    sticky: "SOFT",
    defaultPriority: 2,
  });
  const v1 = {
    name: "w",
    description: "d",
    eventTriggers: ["e"],
    cronTriggers: ["* * * * *"],
    cronInput: "{}",
    tasks: [
      {
        ...step,
        backoffFactor: 2,
        backoffMaxSeconds: 5,
        rateLimits: [{ key: "k" }],
        workerLabels: { x: { intValue: 1 } },
      },
    ],
    sticky: "SOFT",
    defaultPriority: 2,
  };
  expect(defineWorkflow(v0)).toEqual(defineWorkflow(v1));
});

it("gives the workflow's schedule timeout to each task and to the on-failure task", () => {
  const definition = defineWorkflow(
    fromV0({
      name: "w",
      jobs: [{ steps: [step, { ...step, readableId: "b" }] }],
      onFailureJob: {
        steps: [
          { ...step, readableId: "hook" },
          { ...step, readableId: "never" },
        ],
      },
      scheduleTimeout: "7s",
    }),
  );
  expect(definition.tasks.map((task) => task.scheduleTimeoutMs)).toEqual([7000, 7000]);
  expect(definition.onFailure).toMatchObject({ readableId: "hook", scheduleTimeoutMs: 7000 });
});

it("drops concurrency whose key an action computes, and keeps the one with an expression", () => {
  const limited = { name: "w", jobs: [{ steps: [step] }] };
  const action = fromV0({ ...limited, concurrency: { action: "v0conc:group", maxRuns: 1, expression: "input.g" } });
  expect(action.concurrency).toBeUndefined();
  const expression = fromV0({ ...limited, concurrency: { expression: "input.g", limitStrategy: "GROUP_ROUND_ROBIN" } });
  expect(defineWorkflow(expression).tasks[0]?.concurrency).toEqual([
    { expression: "input.g", maxRuns: 1, strategy: "group_round_robin" },
  ]);
  expect(() => defineWorkflow(fromV0({ ...limited, concurrency: { maxRuns: 1 } }))).toThrow(
    "CEL expression is required for concurrency",
  );
});

it("refuses a workflow without steps and an on-failure job without steps", () => {
  expect(() => defineWorkflow(fromV0({ name: "w", jobs: [{}] }))).toThrow("tasks is empty");
  expect(() => fromV0({ name: "w", jobs: [{ steps: [step] }], onFailureJob: { steps: [] } })).toThrow(
    "on_failure_job.steps is empty",
  );
});
