import { helve } from "@helve/contracts";
import { describe, expect, test } from "vitest";
import { RunFailedError } from "../errors.ts";
import { readErrorMessage, resultOf } from "./run-result.ts";

const { RUN_STATUS_SUCCEEDED, RUN_STATUS_FAILED, RUN_STATUS_CANCELLED } = helve.RunStatus;

function task(taskName: string, more: Partial<helve.TaskResult> = {}): helve.TaskResult {
  return { taskName, taskId: `id of ${taskName}`, status: RUN_STATUS_SUCCEEDED, output: "", error: "", ...more };
}

function run(status: helve.RunStatus, tasks: helve.TaskResult[]): helve.RunEnded {
  return { runId: "run", status, tasks, unknown: false };
}

describe("resultOf", () => {
  test("gives the outputs of a workflow by the names of its tasks", () => {
    const ended = run(RUN_STATUS_SUCCEEDED, [task("a", { output: '{"n":1}' }), task("b")]);
    expect(resultOf(ended, undefined)).toEqual({ a: { n: 1 }, b: {} });
  });

  test("gives the output of a task that stands alone", () => {
    const ended = run(RUN_STATUS_SUCCEEDED, [task("a", { output: '{"n":1}' })]);
    expect(resultOf(ended, "a")).toEqual({ n: 1 });
  });

  test("names the tasks that failed, with message and text", () => {
    const text = JSON.stringify({ message: "out of paper", stack: "…" });
    const failed = task("print", { status: RUN_STATUS_FAILED, error: text });
    const cancelled = task("file", { status: RUN_STATUS_CANCELLED, error: "its parent failed" });
    const error = resultOf(run(RUN_STATUS_FAILED, [task("a"), failed, cancelled]), undefined);
    expect(error).toBeInstanceOf(RunFailedError);
    expect(error).toMatchObject({ message: "out of paper", status: "failed" });
    expect((error as RunFailedError).failures).toEqual([
      { taskName: "print", taskRunId: "id of print", status: "failed", message: "out of paper", text },
      expect.objectContaining({ taskName: "file", status: "cancelled" }),
    ]);
  });

  test("a cancelled run is an error that says so", () => {
    const error = resultOf(run(RUN_STATUS_CANCELLED, [task("a", { status: RUN_STATUS_CANCELLED })]), "a");
    expect(error).toMatchObject({ status: "cancelled", message: "run run was cancelled" });
  });

  test("an unknown run is not found", () => {
    expect(resultOf({ ...run(RUN_STATUS_SUCCEEDED, []), unknown: true }, undefined)).toMatchObject({
      code: "not_found",
    });
  });
});

test("errors of workers in other languages are read as they are", () => {
  expect(readErrorMessage("ValueError: no\nTraceback …")).toBe("ValueError: no\nTraceback …");
  expect(readErrorMessage('{"error":"odd"}')).toBe('{"error":"odd"}');
  expect(readErrorMessage("{not json")).toBe("{not json");
});
