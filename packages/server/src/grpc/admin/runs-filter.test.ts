import { v1 } from "@helve/contracts";
import { expect, test } from "vitest";
import { readRunsFilter } from "./runs-filter.ts";

function read(filter: Parameters<typeof v1.TasksFilter.create>[0]) {
  return readRunsFilter(v1.TasksFilter.create(filter));
}

test("reads what is given", () => {
  const workflow = "01a2122f-5e90-7fca-a933-0c67b3280000";

  expect(
    read({
      statuses: ["QUEUED", "COMPLETED"],
      since: new Date(1_000),
      until: new Date(2_000),
      workflowIds: [workflow],
      additionalMetadata: ["customer:7", "path:a:b"],
    }),
  ).toEqual({
    statuses: ["queued", "succeeded"],
    sinceMs: 1_000,
    untilMs: 2_000,
    workflowIds: [workflow],
    metadata: [
      ["customer", "7"],
      ["path", "a:b"],
    ],
  });
});

test("what is not given does not narrow", () => {
  expect(read({})).toEqual({});
});

test.each([
  [{ statuses: ["DONE"] }, "statuses holds 'DONE': allowed are QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED"],
  [{ workflowIds: ["x"] }, "invalid workflow id"],
  [{ additionalMetadata: ["x"] }, "additional_metadata holds 'x': each entry must be key:value"],
])("refuses %j", (filter, text) => {
  expect(() => read(filter)).toThrow(text);
});
