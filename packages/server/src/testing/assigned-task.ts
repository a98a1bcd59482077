import type { AssignedTask } from "@helve/engine";

/** A task in a worker's hands as the engine describes it; a test names what it is about. */
export function assignedTask(given: Partial<AssignedTask> = {}): AssignedTask {
  return {
    id: "01a2122f-5eb2-71f9-bd38-0ee12af10000",
    tenantId: "01a2122e-65a2-7421-9e9b-c1518bd2084b",
    runId: "01a2122f-5eb2-71f9-bd38-0ee12af10000",
    workerId: "01a2122f-5ea4-7ec4-989a-2e0f41bdddaf",
    workflowId: "01a2122f-5e90-7fca-a933-0c67b3280000",
    workflowName: "order",
    versionId: "01a2122f-5e8f-7a9c-aee6-df98105a0000",
    stepId: "01a2122f-5e8f-7a9c-aee6-df98105a0001",
    action: "order:charge",
    taskName: "charge",
    attempt: 1,
    priority: 1,
    input: "{}",
    metadata: "{}",
    parents: "{}",
    stepRunErrors: undefined,
    parentTaskId: undefined,
    childIndex: undefined,
    childKey: undefined,
    executionTimeoutMs: 60_000,
    ...given,
  };
}
