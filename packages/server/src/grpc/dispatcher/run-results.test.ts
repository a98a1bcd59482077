import { WorkflowRunEvent } from "@helve/contracts";
import type { TaskResult } from "@helve/engine";
import { expect, test } from "vitest";
import { finishedEvent } from "./run-results.ts";

function resultsOf(...tasks: Partial<TaskResult>[]) {
  const whole = tasks.map((task, i) => {
    return {
      taskId: `task-${i}`,
      taskName: `t${i}`,
      status: "succeeded",
      output: undefined,
      error: undefined,
      ...task,
    };
  });
  return finishedEvent({ runId: "run", status: "succeeded", tasks: whole as TaskResult[] });
}

test("a task that succeeded has an output, every other an error that is not empty", () => {
  const { results } = resultsOf(
    { output: '{"n": 1}' },
    { output: "" },
    { status: "failed", error: "no money" },
    { status: "cancelled", error: "" },
    { status: "skipped" },
  );

  expect(results).toEqual([
    { taskRunExternalId: "task-0", jobRunId: "task-0", taskName: "t0", output: '{"n": 1}' },
    { taskRunExternalId: "task-1", jobRunId: "task-1", taskName: "t1", output: "" },
    { taskRunExternalId: "task-2", jobRunId: "task-2", taskName: "t2", error: "no money" },
    { taskRunExternalId: "task-3", jobRunId: "task-3", taskName: "t3", error: "The task was cancelled." },
    { taskRunExternalId: "task-4", jobRunId: "task-4", taskName: "t4", output: '{"skipped":true}' },
  ]);
});

test("results that cannot be sent are left out, and the event still says that the run has ended", () => {
  const half = "x".repeat(2 * 1024 * 1024);

  expect(resultsOf({ output: half }, { output: half }).results).toEqual([]);
  expect(resultsOf({ output: "ä".repeat(2 * 1024 * 1024) }).results).toEqual([]);
});

test("long errors are shortened when they push the results over the limit", () => {
  const event = resultsOf(
    { output: "x".repeat(2_500_000) },
    { status: "failed", error: "y".repeat(2_500_000) },
    { status: "failed", error: "short" },
  );

  expect(event.results[0]?.output).toHaveLength(2_500_000);
  expect(event.results[1]?.error).toContain("too large");
  expect(event.results[2]?.error).toBe("short");
  expect(WorkflowRunEvent.encode(event).finish().length).toBeLessThan(4 * 1024 * 1024);
});
