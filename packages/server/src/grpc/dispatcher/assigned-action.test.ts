import { ActionType, AssignedAction } from "@helve/contracts";
import { expect, test } from "vitest";
import { assignedTask } from "../../testing/assigned-task.ts";
import { cancelAction, startAction } from "./assigned-action.ts";

test("a start names the run, the task and the attempt", () => {
  const task = assignedTask({
    attempt: 3,
    priority: 2,
    metadata: '{"k":"v"}',
    parentTaskId: "01a2122f-0000-7000-8000-000000000001",
    childIndex: 0,
    childKey: "key",
  });

  expect(startAction(task)).toEqual({
    tenantId: task.tenantId,
    workflowRunId: task.runId,
    getGroupKeyRunId: "",
    jobId: task.stepId,
    jobName: "charge",
    jobRunId: task.id,
    taskId: task.stepId,
    taskRunExternalId: task.id,
    actionId: "order:charge",
    actionType: ActionType.START_STEP_RUN,
    actionPayload:
      '{"input":{},"triggered_by":"manual","parents":{},"triggers":{"filter_payload":null},"user_data":null,"overrides":null}',
    taskName: "charge",
    retryCount: 2,
    additionalMetadata: '{"k":"v"}',
    childWorkflowIndex: 0,
    childWorkflowKey: "key",
    parentWorkflowRunId: task.parentTaskId,
    priority: 2,
    workflowId: task.workflowId,
    workflowVersionId: task.versionId,
  });
});

test("input and outputs of parents stand in the payload byte for byte", () => {
  const input = '{ "n": 12345678901234567890, "x": 1.0, "e": 1e30 }';
  const parents = '{"a":{"b": [1, 2]}}';

  const { actionPayload } = startAction(assignedTask({ input, parents }));

  expect(actionPayload).toContain(`{"input":${input},`);
  expect(actionPayload).toContain(`"parents":${parents},`);
});

test.each(["", "[1,2]", "7", '"text"', "null", "true", " 1"])(
  "the input %j, which is no object, arrives as null",
  (input) => {
    expect(JSON.parse(startAction(assignedTask({ input })).actionPayload)).toMatchObject({ input: null });
  },
);

test("the errors of failed tasks are only there for an on-failure task", () => {
  const withErrors = startAction(assignedTask({ stepRunErrors: '{"charge":"no money"}' }));

  expect(JSON.parse(withErrors.actionPayload).step_run_errors).toEqual({ charge: "no money" });
  expect(startAction(assignedTask()).actionPayload).not.toContain("step_run_errors");
});

test("a cancel names the same attempt without a payload", () => {
  const task = assignedTask({ attempt: 2 });

  expect(cancelAction(task)).toEqual({
    ...startAction(task),
    actionType: ActionType.CANCEL_STEP_RUN,
    actionPayload: "",
  });
});

test("metadata and priority are on the wire also when they say nothing", () => {
  const sent = AssignedAction.decode(AssignedAction.encode(startAction(assignedTask())).finish());

  expect(sent.additionalMetadata).toBe("{}");
  expect(sent.priority).toBe(1);
  expect(sent.childWorkflowIndex).toBeUndefined();
});
