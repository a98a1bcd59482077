import { ConcurrencyLimitStrategy, CreateWorkflowVersionOpts, StickyStrategy, WorkflowKind } from "@helve/contracts";
import { defineWorkflow, fromV0 } from "@helve/core";
import { expect, test } from "vitest";
import { readV0Workflow } from "./workflow-request-v0.ts";

function define(opts: Parameters<typeof CreateWorkflowVersionOpts.create>[0]) {
  return defineWorkflow(fromV0(readV0Workflow(CreateWorkflowVersionOpts.create(opts))));
}

test("reads the older form as its clients send it", () => {
  const definition = define({
    name: "V0Dag",
    kind: WorkflowKind.DAG,
    scheduleTimeout: "5m",
    sticky: StickyStrategy.SOFT,
    concurrency: { expression: "input.k", maxRuns: 2, limitStrategy: ConcurrencyLimitStrategy.GROUP_ROUND_ROBIN },
    jobs: [
      {
        name: "V0Dag",
        steps: [
          { readableId: "a", action: "v0dag:a", timeout: "60s", inputs: "{}", workerLabels: { x: { intValue: 1 } } },
          { readableId: "b", action: "v0dag:b", timeout: "3s", inputs: "{}", parents: ["a"], retries: 1 },
        ],
      },
    ],
    onFailureJob: { name: "V0Dag-on-failure", steps: [{ readableId: "oops", action: "v0dag:oops" }] },
  });

  expect(definition).toMatchObject({
    name: "V0Dag",
    sticky: "soft",
    concurrency: [{ expression: "input.k", maxRuns: 2, strategy: "group_round_robin" }],
    onFailure: { readableId: "oops" },
    tasks: [
      { readableId: "a", executionTimeoutMs: 60_000, workerLabels: [{ key: "x", value: 1 }] },
      { readableId: "b", executionTimeoutMs: 3_000, parents: ["a"], retries: 1 },
    ],
  });
});
