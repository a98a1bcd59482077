import { v1 } from "@helve/contracts";
import { expect, test } from "vitest";
import { readTrigger } from "./trigger.ts";

const PARENT = "01A2122F-5EB2-71F9-BD38-0EE12AF10000";

function read(request: Parameters<typeof v1.TriggerWorkflowRequest.create>[0]) {
  return readTrigger(v1.TriggerWorkflowRequest.create({ name: "order", ...request }));
}

test("passes input and metadata on as they were written", () => {
  const input = '{ "n": 12345678901234567890 }';

  expect(read({ input, additionalMetadata: '{"k": 1.0}', priority: 3 })).toEqual({
    workflow: "order",
    input,
    metadata: '{"k": 1.0}',
    priority: 3,
  });
});

test("a parent makes the run its child", () => {
  expect(read({ parentTaskRunExternalId: PARENT, childIndex: 0, childKey: "" })).toMatchObject({
    parentTaskId: PARENT.toLowerCase(),
    childIndex: 0,
    childKey: "",
  });
});

test.each(["", "null", "[1]", "7"])("takes the input %j", (input) => {
  expect(read({ input }).input).toBe(input);
});

test.each([
  [{ parentTaskRunExternalId: "" }, "parentStepRunId must be a valid UUID: invalid UUID length: 0"],
  [{ desiredWorkerId: "abc" }, "Invalid request: desiredWorkerId must be a valid UUID: invalid UUID length: 3"],
  [{ priority: 0 }, "Invalid request: priority must be between 1 and 3, got 0"],
  [{ priority: 4 }, "Invalid request: priority must be between 1 and 3, got 4"],
  [{ input: "{bad" }, "Invalid request: invalid json in field `payload`"],
  [
    { input: '{"a":"\\u0000"}' },
    "Invalid request: encoded jsonb contains invalid null character \\u0000 in field `payload`",
  ],
  [{ additionalMetadata: "x" }, "Invalid request: invalid json in field `additionalMetadata`"],
])("refuses %j", (request, text) => {
  expect(() => read(request)).toThrow(text);
});

test("passes on where the run wants to be, and nothing when it says nothing", () => {
  const gpu = { strValue: "h", required: true, comparator: v1.WorkerLabelComparator.NOT_EQUAL };

  expect(read({ desiredWorkerId: PARENT, desiredWorkerLabels: { gpu, memory: { intValue: 512 } } })).toMatchObject({
    desiredWorkerId: PARENT,
    desiredLabels: [
      { key: "gpu", value: "h", required: true, comparator: "not_equal", weight: 100 },
      { key: "memory", value: 512, required: false, comparator: "equal", weight: 100 },
    ],
  });
  expect(read({ desiredWorkerId: "", desiredWorkerLabels: {} })).toEqual({
    workflow: "order",
    input: "",
    metadata: "",
  });
});

test("refuses a wanted label without a value", () => {
  expect(() => read({ desiredWorkerLabels: { gpu: { required: true } } })).toThrow(
    'desired_worker_labels["gpu"] must have exactly one of str_value and int_value',
  );
});
