import { StepActionEventType } from "@helve/contracts";
import { expect, test } from "vitest";
import { readReport } from "./report-events.ts";

const TASK = "01a2122f-5eb2-71f9-bd38-0ee12af10000";
const { STEP_EVENT_TYPE_STARTED, STEP_EVENT_TYPE_COMPLETED, STEP_EVENT_TYPE_FAILED } = StepActionEventType;
const { STEP_EVENT_TYPE_ACKNOWLEDGED, STEP_EVENT_TYPE_CANCELLED } = StepActionEventType;

function read(type: number, eventPayload = "", more: { retryCount?: number; shouldNotRetry?: boolean } = {}) {
  return readReport(type as StepActionEventType, { taskRunExternalId: TASK, eventPayload, ...more }, "REPORTABLE");
}

test("attempts count from 1, retries from 0; without a number the current one is meant", () => {
  expect(read(STEP_EVENT_TYPE_STARTED, "", { retryCount: 0 })).toEqual({
    taskId: TASK,
    attempt: 1,
    outcome: "started",
  });
  expect(read(STEP_EVENT_TYPE_STARTED)).toMatchObject({ attempt: null });
});

test.each(["", "{}", "null", "[1, 2]", "7", '"text"', '{"n": 12345678901234567890}', '"\\\\u0000"'])(
  "takes the output %j as it is",
  (output) => {
    expect(read(STEP_EVENT_TYPE_COMPLETED, output)).toMatchObject({ outcome: "succeeded", output });
  },
);

test.each([
  ["{bad", "invalid json in field `taskOutput`"],
  ['{"a":"\\u0000"}', "encoded jsonb contains invalid null character \\u0000 in field `taskOutput`"],
])("an output of %j is a failure that is retried", (output, error) => {
  expect(read(STEP_EVENT_TYPE_COMPLETED, output)).toMatchObject({ outcome: "failed", error, isRetryable: true });
});

test("a failure keeps its text, and is not retried when the worker says so", () => {
  expect(read(STEP_EVENT_TYPE_FAILED, '{"message":"x"}')).toMatchObject({
    outcome: "failed",
    error: '{"message":"x"}',
    isRetryable: true,
  });
  expect(read(STEP_EVENT_TYPE_FAILED, "x", { shouldNotRetry: true })).toMatchObject({ isRetryable: false });
  expect(read(STEP_EVENT_TYPE_FAILED, "a\0b")).toMatchObject({ error: "a\ufffdb" });
});

test("passes on that the worker calls the task cancelled", () => {
  expect(read(STEP_EVENT_TYPE_CANCELLED, "", { retryCount: 1 })).toEqual({
    taskId: TASK,
    attempt: 2,
    outcome: "cancelled",
  });
});

test.each([0, 6, STEP_EVENT_TYPE_ACKNOWLEDGED])("refuses the event type %d where it is not allowed", (type) => {
  expect(() => read(type)).toThrow("event_type is");
});

test.each([
  ["x", "invalid task external run id x: invalid UUID length: 1"],
  ["zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz", "invalid UUID format"],
])("refuses the task id %s", (taskRunExternalId, text) => {
  expect(() => readReport(STEP_EVENT_TYPE_STARTED, { taskRunExternalId, eventPayload: "" }, "")).toThrow(text);
});
