import { ConcurrencyLimitStrategy, v1 } from "@helve/contracts";
import { afterAll, beforeAll, describe, inject, test } from "vitest";
import { call, type Grpc, openGrpc } from "../support/grpc.ts";
import type { TaskFields as Task, WorkflowFields as Workflow } from "../support/raw-stage.ts";
import { expectRefusal } from "../support/refusal.ts";

const { Action } = v1;
const name = "refused-workflow";

function task(fields: Task = {}): Task {
  return { readableId: "a", action: `${name}:a`, timeout: "60s", inputs: "{}", ...fields };
}

function sleep(base: Parameters<typeof v1.BaseMatchCondition.create>[0], sleepFor = "1s"): Task {
  return task({ conditions: { sleepConditions: [{ base, sleepFor }] } });
}

/**
 * Each of these was refused by the original too, some as INTERNAL; clients take that for worth repeating, so here every
 * mistake of the caller is INVALID_ARGUMENT.
 */
const MISTAKES: [title: string, workflow: Workflow, text?: RegExp][] = [
  ["a name with a blank", { name: "bad name!" }],
  ["an empty name", { name: "" }],
  ["no tasks", { tasks: [] }],
  ["an unknown parent", { tasks: [task({ parents: ["zz"] })] }, /dag parent not found.*'?zz/],
  ["a task that is its own parent", { tasks: [task({ parents: ["a"] })] }],
  ["a cycle", { tasks: [task({ parents: ["b"] }), task({ readableId: "b", action: `${name}:b`, parents: ["a"] })] }],
  ["the same readable id twice", { tasks: [task(), task()] }],
  ["an empty readable id", { tasks: [task({ readableId: "" })] }],
  ["a readable id with a blank", { tasks: [task({ readableId: "a b" })] }],
  ["an action without a colon", { tasks: [task({ action: "nocolon" })] }],
  ["an empty action", { tasks: [task({ action: "" })] }],
  ["a timeout in days", { tasks: [task({ timeout: "1d" })] }, /timeout/i],
  ["a negative timeout", { tasks: [task({ timeout: "-5s" })] }],
  ["a timeout without a unit", { tasks: [task({ timeout: "10" })] }],
  ["a timeout in nanoseconds", { tasks: [task({ timeout: "100ns" })] }],
  ["an empty schedule timeout", { tasks: [task({ scheduleTimeout: "" })] }],
  ["a back-off factor below 1", { tasks: [task({ backoffFactor: 0.5 })] }],
  ["a back-off factor above 1000", { tasks: [task({ backoffFactor: 1001 })] }],
  ["a back-off maximum of 0", { tasks: [task({ backoffFactor: 2, backoffMaxSeconds: 0 })] }],
  ["a back-off maximum above a day", { tasks: [task({ backoffFactor: 2, backoffMaxSeconds: 86_401 })] }],
  ["a default priority of 0", { defaultPriority: 0 }],
  ["a default priority of 4", { defaultPriority: 4 }],
  ["negative retries", { tasks: [task({ retries: -1 })] }],
  [
    "an on-failure task with a parent",
    { onFailureTask: task({ readableId: "f", action: `${name}:f`, parents: ["a"] }) },
  ],
  ["0 slots", { tasks: [task({ slotRequests: { default: 0 } })] }],
];

/** As above, of features an engine may not serve: it then says so instead of storing what it would not do. */
const UNSERVED_MISTAKES: [title: string, workflow: Workflow, text?: RegExp][] = [
  ["a cron by nickname", { cronTriggers: ["@daily"] }],
  ["a cron of four fields", { cronTriggers: ["* * * *"] }],
  ["the same cron twice", { cronTriggers: ["1 1 1 1 *", "1 1 1 1 *"] }],
  ["a cron input that is no JSON", { cronTriggers: ["1 1 1 1 *"], cronInput: "{bad" }],
  [
    "dropping the newest",
    { concurrency: { expression: "input.x", limitStrategy: ConcurrencyLimitStrategy.DROP_NEWEST } },
  ],
  [
    "queueing the newest",
    { concurrency: { expression: "input.x", limitStrategy: ConcurrencyLimitStrategy.QUEUE_NEWEST } },
  ],
  [
    "concurrency without an expression",
    { concurrency: { expression: "" } },
    /CEL expression is required for concurrency/,
  ],
  ["concurrency by an undeclared variable", { concurrency: { expression: "foo.x" } }],
  ["a condition with the action CREATE", { tasks: [sleep({ readableDataKey: "k", action: Action.CREATE })] }],
  ["a sleep without a key", { tasks: [sleep({ action: Action.QUEUE })] }],
  ["an or-group that is no UUID", { tasks: [sleep({ readableDataKey: "k", action: Action.QUEUE, orGroupId: "x" })] }],
  ["a sleep of no duration", { tasks: [sleep({ readableDataKey: "k", action: Action.QUEUE }, "soon")] }],
  ["a static rate limit never put", { tasks: [task({ rateLimits: [{ key: "never-put", units: 1 }] })] }],
  ["a rate limit without a key", { tasks: [task({ rateLimits: [{ key: "", units: 1 }] })] }],
  [
    "a filter payload that is no JSON",
    { eventTriggers: ["e"], defaultFilters: [{ expression: "true", scope: "s", payload: Buffer.from("x") }] },
  ],
  ["idempotency that does not compile", { idempotency: { expression: "1 +", ttlMs: 1_000 } }],
  ["idempotency for no time", { idempotency: { expression: "input.x", ttlMs: 0 } }],
  ["a batch of 0", { tasks: [task({ batch: { batchMaxSize: 0 } })] }],
];

describe.concurrent("a registration is refused for", () => {
  let grpc: Grpc;
  beforeAll(() => {
    grpc = openGrpc(inject("engine"));
  });
  afterAll(() => grpc.close());

  function put(workflow: Workflow): Promise<unknown> {
    const request = v1.CreateWorkflowVersionRequest.create({ name, tasks: [task()], ...workflow });
    return call(grpc, "admin", "putWorkflow", request);
  }

  test.each(MISTAKES)("%s", async (_, workflow, text) => {
    await expectRefusal(put(workflow), "INVALID_ARGUMENT", text);
  });

  test.each(UNSERVED_MISTAKES)("%s", async (_, workflow, text) => {
    await expectRefusal(put(workflow), "INVALID_ARGUMENT", text, { unserved: true });
  });
});
