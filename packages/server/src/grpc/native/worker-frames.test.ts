import { helve } from "@helve/contracts";
import { expect, test } from "vitest";
import { assignedTask } from "../../testing/assigned-task.ts";
import { assignment, readRegister, readReport } from "./worker-frames.ts";

const TASK = "01a2122f-5eb2-71f9-bd38-0ee12af10000";
const { OUTCOME_STARTED, OUTCOME_SUCCEEDED, OUTCOME_FAILED, OUTCOME_ENDED, OUTCOME_RETURNED } = helve.Outcome;

function read(outcome: number, more: Partial<helve.Report> = {}) {
  const whole = { taskId: TASK, attempt: 2, payload: "", notRetryable: false, ...more };
  return readReport({ ...whole, outcome: outcome as helve.Outcome });
}

test("reads every outcome", () => {
  const attempt = { taskId: TASK, attempt: 2 };
  expect(read(OUTCOME_STARTED)).toEqual({ ...attempt, outcome: "started" });
  expect(read(OUTCOME_SUCCEEDED, { payload: '{"n": 1}' })).toEqual({
    ...attempt,
    outcome: "succeeded",
    output: '{"n": 1}',
  });
  expect(read(OUTCOME_FAILED, { payload: "x" })).toEqual({
    ...attempt,
    outcome: "failed",
    error: "x",
    isRetryable: true,
  });
  expect(read(OUTCOME_FAILED, { notRetryable: true })).toMatchObject({ isRetryable: false });
  expect(read(OUTCOME_ENDED)).toEqual({ ...attempt, outcome: "ended" });
  expect(read(OUTCOME_RETURNED)).toEqual({ ...attempt, outcome: "returned" });
});

test("an output that is no JSON is a failure", () => {
  expect(read(OUTCOME_SUCCEEDED, { payload: "{bad" })).toMatchObject({ outcome: "failed", isRetryable: true });
});

test("refuses what cannot be of any attempt", () => {
  expect(() => read(9)).toThrow("outcome is 9");
  expect(() => read(OUTCOME_STARTED, { attempt: 0 })).toThrow("attempt is 0");
  expect(() => read(OUTCOME_STARTED, { taskId: "x" })).toThrow('task_id is "x"');
});

test("reads a registration", () => {
  const register = helve.Register.create({
    protocol: 1,
    name: "w",
    actions: ["Order:Charge"],
    slots: { default: 10 },
    labels: [
      { key: "region", value: { $case: "text", value: "eu" } },
      { key: "memory", value: { $case: "number", value: 512 } },
      { key: "empty" },
    ],
  });

  expect(readRegister(register)).toEqual({
    name: "w",
    actions: ["order:charge"],
    slots: { default: 10 },
    labels: { region: "eu", memory: 512 },
    runtime: { extra: "helve.v1" },
  });
});

test("an assignment says how often the task was tried before, and nothing of parents that are not there", () => {
  const message = assignment(assignedTask({ attempt: 3, input: '{"n": 1}' }));

  expect(message).toMatchObject({ taskId: TASK, attempt: 3, retryCount: 2, input: '{"n": 1}', parents: "" });
  expect(assignment(assignedTask({ parents: '{"a":1}' })).parents).toBe('{"a":1}');
});
