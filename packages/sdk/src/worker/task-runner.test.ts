import { helve } from "@helve/contracts";
import { describe, expect, test, vi } from "vitest";
import { NonRetryableError } from "../errors.ts";
import type { StartedAttempt } from "../session/worker-outbox.ts";
import { TestRuntime } from "../testing/test-runtime.ts";
import type { Anything } from "../workflow/json.ts";
import { CreateTaskWorkflow } from "../workflow/task-declaration.ts";
import type { CreateTaskWorkflowOpts } from "../workflow/workflow-options.ts";
import { TaskHandlers } from "./task-handlers.ts";
import { TaskRunner } from "./task-runner.ts";

const { OUTCOME_SUCCEEDED, OUTCOME_FAILED, OUTCOME_ENDED, OUTCOME_RETURNED } = helve.Outcome;

/** A runner with one task, and what it tells. */
function runner(
  fn: CreateTaskWorkflowOpts<Anything, Anything>["fn"],
  more: Partial<CreateTaskWorkflowOpts<Anything, Anything>> = {},
) {
  const started: StartedAttempt[] = [];
  const reports: helve.Report[] = [];
  const runtime = new TestRuntime(undefined, {});
  const warn = vi.spyOn(runtime.logger, "warn");
  const handlers = new TaskHandlers();
  handlers.add(CreateTaskWorkflow({ name: "job", fn, ...more }), "");
  const tasks = new TaskRunner({
    handlers,
    runtime,
    reporter: { started: (attempt) => started.push(attempt), report: (report) => reports.push(report) },
    logger: runtime.logger,
    maxBytes: 100_000,
    cancellationWarningMs: 1,
    cancellationGraceMs: 20,
  });
  return { tasks, started, reports, warn };
}

function assignment(taskId: string, input = "{}", more: Partial<helve.Assignment> = {}): helve.Assignment {
  return {
    taskId,
    attempt: 1,
    runId: taskId,
    action: "job:job",
    taskName: "job",
    input,
    parents: "",
    metadata: "{}",
    priority: 1,
    workflowId: "w",
    workflowVersionId: "v",
    retryCount: 0,
    executionTimeoutMs: 60_000,
    ...more,
  };
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("what a task gives", () => {
  test("is reported as JSON, whether it is promised or not", async () => {
    const { tasks, reports } = runner((input: { isAsync: boolean }) =>
      input.isAsync ? Promise.resolve({ later: 1 }) : { now: 1 },
    );
    tasks.assigned([assignment("a", '{"isAsync":false}'), assignment("b", '{"isAsync":true}')]);
    await soon();
    expect(reports).toMatchObject([
      { taskId: "a", outcome: OUTCOME_SUCCEEDED, payload: '{"now":1}' },
      { taskId: "b", outcome: OUTCOME_SUCCEEDED, payload: '{"later":1}' },
    ]);
    expect(tasks.size).toBe(0);
  });

  test("is null when it returns nothing", async () => {
    const { tasks, reports } = runner(() => undefined);
    tasks.assigned([assignment("a")]);
    expect(reports[0]?.payload).toBe("null");
  });

  test.each([
    ["a cycle", () => cyclic(), "no JSON"],
    ["a bigint", () => ({ n: 1n }), "no JSON"],
    ["more than the engine takes", () => ({ text: "ä".repeat(60_000) }), "the engine takes 100000"],
  ])("fails for good when it is %s", async (_case, fn, text) => {
    const { tasks, reports } = runner(fn);
    tasks.assigned([assignment("a")]);
    expect(reports[0]).toMatchObject({ outcome: OUTCOME_FAILED, notRetryable: true });
    expect(reports[0]?.payload).toContain(text);
  });
});

describe("a task that fails", () => {
  test("is reported with message, stack and cause", async () => {
    const { tasks, reports } = runner(async () => {
      throw new Error("disk full", { cause: new Error("ENOSPC") });
    });
    tasks.assigned([assignment("a")]);
    await soon();
    expect(reports[0]).toMatchObject({ outcome: OUTCOME_FAILED, notRetryable: false });
    const { message, stack } = JSON.parse(reports[0]?.payload ?? "");
    expect(message).toBe("disk full");
    expect(stack).toContain("caused by Error: ENOSPC");
  });

  test("is not retried when it asks for that, also with the error of another copy of the SDK", async () => {
    const foreign = Object.assign(new Error("no"), { name: "NonRetryableError" });
    const { tasks, reports } = runner((input: { foreign: boolean }) => {
      throw input.foreign ? foreign : new NonRetryableError("never");
    });
    tasks.assigned([assignment("a", '{"foreign":false}'), assignment("b", '{"foreign":true}')]);
    // On a slow machine the second one begins in another turn of the event loop.
    await expect.poll(() => reports.map((report) => report.notRetryable)).toEqual([true, true]);
  });

  test("may throw anything", async () => {
    const { tasks, reports } = runner(() => {
      throw "just a text";
    });
    tasks.assigned([assignment("a")]);
    expect(JSON.parse(reports[0]?.payload ?? "")).toEqual({ message: "just a text" });
  });

  test("for want of code fails for good", () => {
    const { tasks, reports } = runner(() => ({}));
    tasks.assigned([assignment("a", "{}", { action: "job:other" })]);
    expect(reports[0]).toMatchObject({ outcome: OUTCOME_FAILED, notRetryable: true });
  });

  test("with an input that does not fit the schema names the paths, and is not retried", async () => {
    const inputValidator = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: async () => ({ issues: [{ message: "expected a number", path: ["user", "age"] }] }),
      },
    };
    const { tasks, reports } = runner(() => ({}), { inputValidator });
    tasks.assigned([assignment("a")]);
    await soon();
    expect(reports[0]).toMatchObject({ outcome: OUTCOME_FAILED, notRetryable: true });
    expect(reports[0]?.payload).toContain("user.age: expected a number");
  });
});

describe("a task that is given up", () => {
  test("tells only that its code has ended", async () => {
    const { tasks, reports } = runner(async (_input, ctx) => {
      await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
      return { reason: ctx.signal.reason.message, cancelled: ctx.cancelled };
    });
    tasks.assigned([assignment("a")]);
    expect(tasks.holding()).toEqual([{ taskId: "a", attempt: 1 }]);
    tasks.cancelled({ taskId: "a", attempt: 1, reason: "too slow" });
    expect(reports).toEqual([]);
    await soon();
    expect(reports).toMatchObject([{ taskId: "a", outcome: OUTCOME_ENDED, payload: "" }]);
  });

  test("is mentioned when it goes on", async () => {
    const { tasks, warn } = runner(() => new Promise<Anything>(() => {}));
    tasks.assigned([assignment("a")]);
    tasks.lost([{ taskId: "a", attempt: 1 }]);
    await vi.waitFor(() => expect(warn).toHaveBeenCalledWith(expect.stringContaining("goes on")));
  });

  test("under another attempt is another one", async () => {
    const ends: (() => void)[] = [];
    const { tasks, reports } = runner(() => new Promise<Anything>((resolve) => ends.push(() => resolve({}))));
    tasks.assigned([assignment("a")]);
    tasks.cancelled({ taskId: "a", attempt: 1, reason: "" });
    tasks.assigned([assignment("a", "{}", { attempt: 2 })]);
    for (const end of ends) end();
    await soon();
    expect(reports.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, OUTCOME_ENDED],
      [2, OUTCOME_SUCCEEDED],
    ]);
  });

  test("when nothing of it is here counts as ended", () => {
    const { tasks, reports } = runner(() => ({}));
    tasks.cancelled({ taskId: "gone", attempt: 3, reason: "" });
    expect(reports).toMatchObject([{ taskId: "gone", attempt: 3, outcome: OUTCOME_ENDED }]);
  });
});

test("an attempt that is told twice runs once", async () => {
  const fn = vi.fn(() => new Promise<Anything>(() => {}));
  const { tasks } = runner(fn);
  tasks.assigned([assignment("a")]);
  tasks.assigned([assignment("a")]);
  expect(fn).toHaveBeenCalledTimes(1);
});

test("what is given back is not reported again when its code ends", async () => {
  let end = (): void => {};
  const { tasks, reports } = runner(
    () =>
      new Promise<Anything>((resolve) => {
        end = () => resolve({});
      }),
  );
  tasks.assigned([assignment("a")]);
  tasks.returnAll("the worker stops");
  expect(await tasks.idle(0)).toBe(true);
  end();
  await soon();
  expect(reports).toMatchObject([{ outcome: OUTCOME_RETURNED }]);
});

test("waits for what runs, but not for ever", async () => {
  let end = (): void => {};
  const { tasks } = runner(
    () =>
      new Promise<Anything>((resolve) => {
        end = () => resolve({});
      }),
  );
  tasks.assigned([assignment("a")]);
  expect(await tasks.idle(1)).toBe(false);
  const idle = tasks.idle(60_000);
  end();
  expect(await idle).toBe(true);
});

test("does not wait long for what was given up", async () => {
  const { tasks, reports } = runner(() => new Promise<Anything>(() => {}));
  tasks.assigned([assignment("a")]);
  const idle = tasks.idle(60_000);
  tasks.cancelled({ taskId: "a", attempt: 1, reason: "" });
  expect(await idle).toBe(true);
  tasks.returnAll("the worker stops");
  expect(reports).toMatchObject([{ outcome: OUTCOME_ENDED }]);
});

test("tasks that begin with a long computation do not keep each other's receipts back", async () => {
  const { tasks, started, reports } = runner(() => {
    const until = performance.now() + 10;
    while (performance.now() < until);
    return {};
  });
  tasks.assigned([assignment("a"), assignment("b"), assignment("c")]);
  expect(reports).toHaveLength(1);
  expect(started.map(({ taskId }) => taskId)).toEqual(["a", "b", "c"]);
  await vi.waitFor(() => expect(reports).toHaveLength(3));
  expect(started).toHaveLength(3);
});

function cyclic(): Anything {
  const value: Record<string, unknown> = {};
  value.self = value;
  return value;
}
