import { describe, expect, it } from "vitest";
import { defineWorkflow } from "./define-workflow.ts";
import { HelveError } from "./errors.ts";
import type { TaskRegistration, WorkflowRegistration } from "./workflow-registration.ts";

function task(readableId: string, more: TaskRegistration = {}): TaskRegistration {
  return { readableId, action: `shop:${readableId}`, ...more };
}

function workflow(more: WorkflowRegistration = {}): WorkflowRegistration {
  return { name: "shop", tasks: [task("a")], ...more };
}

/** The message of the refusal; a registration that passes, or fails in another way, fails the test. */
function refusal(input: WorkflowRegistration): string {
  try {
    defineWorkflow(input);
  } catch (error) {
    expect(error).toBeInstanceOf(HelveError);
    expect((error as HelveError).code).toBe("invalid_argument");
    return (error as HelveError).message;
  }
  throw new Error("the registration was accepted");
}

describe("a registration that is accepted", () => {
  it("gets its defaults", () => {
    expect(defineWorkflow(workflow())).toEqual({
      name: "shop",
      description: "",
      tasks: [
        {
          readableId: "a",
          action: "shop:a",
          parents: [],
          executionTimeoutMs: 300_000,
          scheduleTimeoutMs: 300_000,
          retries: 0,
          isDurable: false,
          slotRequests: { default: 1 },
          workerLabels: [],
          concurrency: [],
          rateLimits: [],
        },
      ],
      eventTriggers: [],
      cronTriggers: [],
      concurrency: [],
      defaultFilters: [],
    });
  });

  it("keeps all it says of the workflow", () => {
    const definition = defineWorkflow({
      name: "Good-name_1.2",
      description: "d",
      eventTriggers: ["order:*", "a:b"],
      cronTriggers: ["0 9 * * MON"],
      cronInput: '{"n": 1.0}',
      tasks: [task("b"), task("a", { parents: ["b"] })],
      onFailureTask: task("hook", { parents: ["hook"] }),
      sticky: "HARD",
      defaultPriority: 3,
      concurrency: { expression: "input.one" },
      concurrencyArr: [{ expression: "input.two", maxRuns: 5, limitStrategy: "GROUP_ROUND_ROBIN" }],
      defaultFilters: [{ expression: "true", scope: "s", payload: '{"p":1}' }, { expression: "false" }],
      inputJsonSchema: '{"type":"object"}',
      idempotency: { expression: "input.id", ttlMs: 60_000 },
    });
    expect(definition).toMatchObject({
      name: "Good-name_1.2",
      description: "d",
      eventTriggers: ["order:*", "a:b"],
      cronTriggers: ["0 9 * * MON"],
      cronInput: '{"n": 1.0}',
      onFailure: { readableId: "hook", parents: [] },
      sticky: "hard",
      defaultPriority: 3,
      concurrency: [
        { expression: "input.one", maxRuns: 1, strategy: "cancel_in_progress" },
        { expression: "input.two", maxRuns: 5, strategy: "group_round_robin" },
      ],
      defaultFilters: [
        { expression: "true", scope: "s", payload: '{"p":1}' },
        { expression: "false", scope: "" },
      ],
      inputJsonSchema: '{"type":"object"}',
      idempotency: { expression: "input.id", ttlMs: 60_000, method: "ttl" },
    });
    expect(definition.tasks.map(({ readableId }) => readableId)).toEqual(["b", "a"]);
  });

  it("may leave texts empty where that means nothing was given", () => {
    const definition = defineWorkflow(workflow({ cronInput: "", inputJsonSchema: "", description: "" }));
    expect(definition).toEqual(defineWorkflow(workflow()));
  });

  it("has the workflow's concurrency on its only task, before the task's own", () => {
    const definition = defineWorkflow(
      workflow({
        concurrency: { expression: "input.flow" },
        tasks: [task("a", { concurrency: [{ expression: "input.task" }] })],
      }),
    );
    expect(definition.concurrency).toEqual([]);
    expect(definition.tasks[0]?.concurrency.map(({ expression }) => expression)).toEqual(["input.flow", "input.task"]);
  });

  it("keeps the workflow's concurrency where it is when there is an on-failure task", () => {
    const definition = defineWorkflow(workflow({ concurrency: { expression: "x" }, onFailureTask: task("hook") }));
    expect(definition.concurrency).toHaveLength(1);
    expect(definition.tasks[0]?.concurrency).toEqual([]);
  });
});

describe("a registration that is refused", () => {
  it.each<[string, WorkflowRegistration, string]>([
    ["no name", { tasks: [task("a")] }, "name is missing: it must be 1 to 255 letters"],
    ["an empty name", workflow({ name: "" }), 'name is "": it must be 1 to 255 letters'],
    ["a bad name", workflow({ name: "bad name!" }), 'name is "bad name!": it must be 1 to 255 letters'],
    ["no tasks", workflow({ tasks: [] }), "tasks is empty: it must hold at least one task"],
    [
      "an unknown parent",
      workflow({ tasks: [task("s", { parents: ["p"] })] }),
      "dag parent not found: parents of task 's' holds 'p'",
    ],
    [
      "a cycle",
      workflow({ tasks: [task("a", { parents: ["b"] }), task("b", { parents: ["a"] })] }),
      "parents form a cycle: 'a' waits for 'b' waits for 'a'",
    ],
    [
      "a task that is its own parent",
      workflow({ tasks: [task("a", { parents: ["a"] })] }),
      "parents form a cycle: 'a'",
    ],
    [
      "one readable id twice",
      workflow({ tasks: [task("a"), task("b"), task("a")] }),
      'readable_id of tasks[2] is "a": it must be unique, but tasks[0] has it too',
    ],
    [
      "the on-failure task named like a task",
      workflow({ onFailureTask: task("a") }),
      'readable_id of on_failure_task is "a": it must be unique, but one of tasks has it too',
    ],
    [
      "an on-failure task with a parent",
      workflow({ onFailureTask: task("hook", { parents: ["a"] }) }),
      'parents of on_failure_task is "a": it must be left out',
    ],
    ["an unknown sticky word", workflow({ sticky: "2" }), 'sticky is "2": it must be one of SOFT, HARD'],
    ["priority 0", workflow({ defaultPriority: 0 }), "default_priority is 0: it must be a whole number from 1 to 3"],
    ["priority 4", workflow({ defaultPriority: 4 }), "default_priority is 4: it must be a whole number from 1 to 3"],
    [
      "a descriptor as cron",
      workflow({ cronTriggers: ["@daily"] }),
      'cron_triggers[0] is "@daily": it needs 5 or 6 fields and has 1',
    ],
    [
      "a bad field in a cron",
      workflow({ cronTriggers: ["* * * * *", "61 * * * *"] }),
      'cron_triggers[1] is "61 * * * *": it has the bad minute "61"; allowed are',
    ],
    [
      "the same cron twice",
      workflow({ cronTriggers: ["1 1 1 1 *", "1 1 1 1 *"] }),
      'cron_triggers[1] is "1 1 1 1 *": it must not stand there twice',
    ],
    ["cron input that is no JSON", workflow({ cronInput: "{bad" }), "invalid json in field `cron_input`"],
    ["a schema that is no JSON", workflow({ inputJsonSchema: "x" }), "invalid json in field `input_json_schema`"],
    [
      "concurrency without an expression",
      workflow({ concurrency: { expression: "" } }),
      "CEL expression is required for concurrency",
    ],
    [
      "a strategy nobody serves",
      workflow({ concurrencyArr: [{ expression: "x", limitStrategy: "DROP_NEWEST" }] }),
      'limit_strategy is "DROP_NEWEST": it must be one of CANCEL_IN_PROGRESS, GROUP_ROUND_ROBIN, CANCEL_NEWEST',
    ],
    [
      "concurrency of zero runs",
      workflow({ concurrency: { expression: "x", maxRuns: 0 } }),
      "concurrency.max_runs is 0: it must be a whole number from 1",
    ],
    [
      "a filter payload that is no JSON",
      workflow({ defaultFilters: [{ expression: "true", scope: "s", payload: "x" }] }),
      "invalid json in field `default_filters[0].payload`",
    ],
    [
      "a filter payload that is no object",
      workflow({ defaultFilters: [{ expression: "true", scope: "s", payload: "[1]" }] }),
      'default_filters[0].payload is "[1]": it must be a JSON object',
    ],
    [
      "idempotency without an expression",
      workflow({ idempotency: { expression: "", ttlMs: 1 } }),
      'idempotency.expression is "": it must be a CEL expression',
    ],
    [
      "idempotency of no time",
      workflow({ idempotency: { expression: "x", ttlMs: 0 } }),
      "idempotency.ttl_ms is 0: it must be a whole number from 1",
    ],
    [
      "an unknown idempotency method",
      workflow({ idempotency: { expression: "x", ttlMs: 1, method: "7" } }),
      'idempotency.method is "7": it must be one of TTL, STATUS',
    ],
    ["NUL in a free text", workflow({ eventTriggers: ["a\0"] }), "must not contain the character NUL"],
  ])("with %s", (_, input, message) => {
    expect(refusal(input)).toContain(message);
  });

  it("with more tasks than a run can number", () => {
    const tasks = Array.from({ length: 65_535 }, (_, i) => task(`t${i}`));
    expect(refusal(workflow({ tasks }))).toBe("tasks holds 65535: it may hold at most 65534 tasks");
    expect(defineWorkflow(workflow({ tasks: tasks.slice(1), onFailureTask: task("hook") })).tasks).toHaveLength(65_534);
  });
});
