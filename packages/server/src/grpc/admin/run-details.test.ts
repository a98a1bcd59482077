import { v1 } from "@helve/contracts";
import type { TaskResult } from "@helve/engine";
import { expect, test } from "vitest";
import { detailsResponse } from "./run-details.ts";

const { RunStatus } = v1;

function task(given: Partial<TaskResult>): TaskResult {
  return { taskId: "id", taskName: "a", status: "queued", output: undefined, error: undefined, ...given };
}

test("shows tasks by name, with an error on each that has ended", () => {
  const { taskRuns, ...run } = detailsResponse({
    runId: "run",
    status: "failed",
    isDone: false,
    input: '{"n": 1}',
    metadata: "{}",
    tasks: [
      task({ taskName: "done", status: "succeeded", output: '{"ok": 1}' }),
      task({ taskName: "bad", status: "failed", error: "no money" }),
      task({ taskName: "skipped", status: "skipped" }),
      task({ taskName: "busy", status: "running" }),
    ],
  });

  expect(run).toMatchObject({ status: RunStatus.FAILED, done: false, isEvicted: false });
  expect(run.input.toString()).toBe('{"n": 1}');
  expect(taskRuns.done).toMatchObject({ status: RunStatus.COMPLETED, error: "", readableId: "done" });
  expect(taskRuns.done?.output?.toString()).toBe('{"ok": 1}');
  expect(taskRuns.bad).toMatchObject({ status: RunStatus.FAILED, error: "no money" });
  expect(taskRuns.bad?.output).toBeUndefined();
  expect(taskRuns.skipped).toMatchObject({ status: RunStatus.COMPLETED, error: "" });
  expect(taskRuns.skipped?.output?.toString()).toBe('{"skipped":true}');
  expect(taskRuns.busy?.error).toBeUndefined();
});
