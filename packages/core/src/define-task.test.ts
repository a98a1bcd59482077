import { describe, expect, it } from "vitest";
import { defineTask } from "./define-task.ts";
import { HelveError } from "./errors.ts";
import type { TaskRegistration } from "./workflow-registration.ts";

function define(more: TaskRegistration) {
  return defineTask({ readableId: "a", action: "shop:a", ...more }, "tasks[0]");
}

function refusal(more: TaskRegistration): string {
  try {
    define(more);
  } catch (error) {
    expect(error).toBeInstanceOf(HelveError);
    expect((error as HelveError).code).toBe("invalid_argument");
    return (error as HelveError).message;
  }
  throw new Error("the task was accepted");
}

describe("a task that is accepted", () => {
  it("has its action in lower case", () => {
    expect(define({ action: "Shop:Pay:Card" }).action).toBe("shop:pay:card");
  });

  it.each([
    ["1h30m", 5_400_000],
    ["1.5s", 1500],
    ["500ms", 500],
    ["0h", 0],
    ["", 300_000],
  ])("may run for %j", (timeout, ms) => {
    expect(define({ timeout }).executionTimeoutMs).toBe(ms);
  });

  it("counts a parent named twice once", () => {
    expect(define({ parents: ["p", "q", "p"] }).parents).toEqual(["p", "q"]);
  });

  it("backs off for a day at most unless it says otherwise, and not at all without a factor", () => {
    expect(define({ backoffFactor: 2 })).toMatchObject({ backoffFactor: 2, backoffMaxSeconds: 86_400 });
    expect(define({ backoffFactor: 1000, backoffMaxSeconds: 1 })).toMatchObject({ backoffMaxSeconds: 1 });
    expect(define({ backoffMaxSeconds: 10 })).not.toHaveProperty("backoffMaxSeconds");
  });

  it("takes one slot of its kind unless it asks for others", () => {
    expect(define({ slotRequests: {} }).slotRequests).toEqual({ default: 1 });
    expect(define({ isDurable: true }).slotRequests).toEqual({ durable: 1 });
    expect(define({ isDurable: true, slotRequests: { gpu: 2, default: 1 } }).slotRequests).toEqual({
      default: 1,
      gpu: 2,
    });
  });

  it("has labels in the order of their keys", () => {
    const workerLabels = {
      mem: { intValue: 0, comparator: "GREATER_THAN", weight: 50 },
      gpu: { strValue: "", required: true },
    };
    expect(define({ workerLabels }).workerLabels).toEqual([
      { key: "gpu", value: "", required: true, comparator: "equal", weight: 100 },
      { key: "mem", value: 0, required: false, comparator: "greater_than", weight: 50 },
    ]);
  });

  it("has static and dynamic rate limits", () => {
    const rateLimits = [
      { key: "static" },
      { key: "v0", units: 2, duration: "HOUR" },
      { key: "input.user", keyExpr: "input.user", unitsExpr: "input.cost", limitValuesExpr: "3" },
      { key: "borrowed", units: 1, limitValuesExpr: "-1" },
    ];
    expect(define({ rateLimits }).rateLimits).toEqual([
      { key: "static", units: 1 },
      { key: "v0", units: 2, window: "hour" },
      {
        key: "input.user",
        keyExpression: "input.user",
        unitsExpression: "input.cost",
        limitExpression: "3",
        window: "minute",
      },
      { key: "borrowed", units: 1, limitExpression: "-1", window: "minute" },
    ]);
  });

  it("has a batch with defaults", () => {
    expect(define({ batch: { batchMaxSize: 2 } }).batch).toEqual({
      maxSize: 2,
      maxIntervalMs: 1000,
      groupKey: "'default'",
      groupMaxRuns: 100,
      broadcastOutput: false,
    });
  });
});

describe("a task that is refused", () => {
  it.each<[TaskRegistration, string]>([
    [{ readableId: "" }, 'readable_id of tasks[0] is "": it must be 1 to 255 letters'],
    [{ readableId: "a b" }, 'readable_id of tasks[0] is "a b": it must be 1 to 255 letters'],
    [{ action: "" }, "action of task 'a' is \"\": it must be two or three non-empty parts"],
    [{ action: "nocolon" }, "action of task 'a' is \"nocolon\": it must be two or three non-empty parts"],
    [{ timeout: "1d" }, "timeout of task 'a' is \"1d\": it must be one or more <number><unit>"],
    [{ timeout: "-5s" }, "timeout of task 'a' is \"-5s\""],
    [{ timeout: "10" }, "timeout of task 'a' is \"10\""],
    [{ timeout: "9999999h" }, "timeout of task 'a' is \"9999999h\""],
    [{ scheduleTimeout: "" }, "schedule_timeout of task 'a' is \"\""],
    [{ parents: ["x y"] }, "parents of task 'a' is \"x y\": it must be 1 to 255 letters"],
    [{ retries: -1 }, "retries of task 'a' is -1: it must be a whole number from 0"],
    [{ backoffFactor: 0.5 }, "backoff_factor of task 'a' is 0.5: it must be a number from 1 to 1000"],
    [{ backoffFactor: 1001 }, "backoff_factor of task 'a' is 1001"],
    [{ backoffFactor: Number.NaN }, "backoff_factor of task 'a' is NaN"],
    [
      { backoffFactor: 2, backoffMaxSeconds: 0 },
      "backoff_max_seconds of task 'a' is 0: it must be a whole number from 1",
    ],
    [{ backoffMaxSeconds: 86_401 }, "backoff_max_seconds of task 'a' is 86401"],
    [{ slotRequests: { default: 0 } }, "slot_requests[\"default\"] of task 'a' is 0: it must be a whole number from 1"],
    [{ slotRequests: { "": 1 } }, "slot_requests of task 'a' has an empty key"],
    [
      { workerLabels: { gpu: {} } },
      "worker_labels[\"gpu\"] of task 'a' must have exactly one of str_value and int_value",
    ],
    [{ workerLabels: { gpu: { strValue: "x", intValue: 1 } } }, "must have exactly one of str_value and int_value"],
    [
      { workerLabels: { gpu: { intValue: 1, comparator: "9" } } },
      'worker_labels["gpu"].comparator of task \'a\' is "9": it must be one of EQUAL, NOT_EQUAL',
    ],
    [{ concurrency: [{ expression: "" }] }, "CEL expression is required for concurrency of task 'a'"],
    [
      { concurrency: [{ expression: "x", limitStrategy: "QUEUE_NEWEST" }] },
      "concurrency.limit_strategy of task 'a' is \"QUEUE_NEWEST\"",
    ],
    [{ rateLimits: [{ key: "" }] }, "rate_limits.key of task 'a' is \"\": it must not be empty"],
    [{ rateLimits: [{ key: "k", units: -1 }] }, "rate_limits.units of task 'a' is -1"],
    [{ rateLimits: [{ key: "k", unitsExpr: "" }] }, "rate_limits.units_expr of task 'a' is \"\": it must be a CEL"],
    [
      { rateLimits: [{ key: "k", limitValuesExpr: "1", duration: "CENTURY" }] },
      "rate_limits.duration of task 'a' is \"CENTURY\": it must be one of SECOND, MINUTE",
    ],
    [{ batch: {} }, "batch.batch_max_size of task 'a' is missing: it must be a whole number from 1 to 100000"],
    [{ batch: { batchMaxSize: 0 } }, "batch.batch_max_size of task 'a' is 0"],
    [{ batch: { batchMaxSize: 1, batchMaxIntervalMs: 0 } }, "batch.batch_max_interval_ms of task 'a' is 0"],
    [{ batch: { batchMaxSize: 1, batchGroupMaxRuns: 10_001 } }, "batch.batch_group_max_runs of task 'a' is 10001"],
  ])("for %j", (more, message) => {
    expect(refusal(more)).toContain(message);
  });
});
