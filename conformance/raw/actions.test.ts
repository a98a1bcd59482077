import { ActionType, type AssignedAction } from "@helve/contracts";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { call } from "../support/grpc.ts";
import type { Loose } from "../support/loose.ts";
import { RawStage } from "../support/raw-stage.ts";
import type { RawWorker } from "../support/raw-worker.ts";

/** Numbers no double holds, spellings nobody would choose, a key that stands there twice. */
const ODD =
  '{"big":12345678901234567890,"safe":9007199254740993,"dec":0.1234567890123456789,"one":1.0,"exp":1e30,' +
  '"tiny":1E-7,"neg":-0,"z":1,"a":2,"dup":1,"dup":2,"esc":"\\u00e9 \\/ <b> & \\u2028"}';

describe.concurrent("an action", () => {
  let stage: RawStage;
  let worker: RawWorker;
  beforeAll(async () => {
    stage = await RawStage.open(inject("engine"), [{ readableId: "a", retries: 1 }], "raw-actions");
    worker = await stage.worker(50);
  });
  afterAll(() => stage.close());

  const payload = (action: AssignedAction): Loose => JSON.parse(action.actionPayload);

  test("names its task, its run and the attempt", async () => {
    const action = await stage.start(worker, { n: 1 });
    expect(action).toMatchObject({
      tenantId: stage.engine.tenantId,
      workflowRunId: action.taskRunExternalId,
      getGroupKeyRunId: "",
      jobId: action.taskId,
      jobName: "a",
      jobRunId: action.taskRunExternalId,
      actionId: stage.action("a"),
      actionType: ActionType.START_STEP_RUN,
      taskName: "a",
      retryCount: 0,
      priority: 1,
      childWorkflowIndex: undefined,
      childWorkflowKey: undefined,
      parentWorkflowRunId: undefined,
      durableTaskInvocationCount: undefined,
      triggeringEventKey: undefined,
      batchId: undefined,
    });
    for (const id of [action.taskId, action.workflowId, action.workflowVersionId])
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
    await worker.complete(action);
  });

  test("carries a payload of the shape clients parse, the same on every attempt", async () => {
    const action = await stage.start(worker, { n: 1 });
    const expected = { triggered_by: "manual", parents: {}, user_data: null, overrides: null };
    expect(payload(action)).toEqual({ input: { n: 1 }, triggers: { filter_payload: null }, ...expected });
    await worker.report(action, "failed", { payload: "once" });
    const again = await worker.action("start", action.taskRunExternalId, 1);
    expect(payload(again)).toEqual(payload(action));
    expect(again.additionalMetadata).toBe(action.additionalMetadata);
    await worker.complete(again);
  });

  test("carries the input and the metadata byte for byte, on a retry too", async () => {
    const metadata = '{"k": 1.0, "nested": {"b":1,"a":[1,2]}, "big":12345678901234567890, "s":"x"}';
    const action = await stage.start(worker, {}, { input: ODD, additionalMetadata: metadata });
    const inner = metadata.slice(1, -1);
    expect(action.actionPayload).toContain(ODD);
    expect(action.additionalMetadata).toContain(inner);
    await worker.report(action, "failed", { payload: "once" });
    const again = await worker.action("start", action.taskRunExternalId, 1);
    expect(again.actionPayload).toContain(ODD);
    expect(again.additionalMetadata).toContain(inner);
    const details = await stage.details(action.workflowRunId);
    expect(details.input.toString()).toBe(ODD);
    expect(details.additionalMetadata.toString()).toContain(inner);
    await worker.complete(again);
  });

  test.each(["[1,2]", "7", '"text"', "true", "null", ""])(
    "gives %j, which is no object, as a null input",
    async (input) => {
      const action = await stage.start(worker, {}, { input });
      expect(payload(action).input).toBeNull();
      await worker.complete(action);
    },
  );

  test("always has metadata with a traceparent, and keeps one that was given", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (const [additionalMetadata, expected] of [
      [undefined, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/],
      ["[1]", /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/],
      [JSON.stringify({ traceparent }), new RegExp(`^${traceparent}$`)],
    ] as const) {
      const action = await stage.start(worker, {}, { additionalMetadata });
      expect((JSON.parse(action.additionalMetadata ?? "{}") as Loose).traceparent).toMatch(expected);
      await worker.complete(action);
    }
  });

  test("of a child names parent, index and key, and carries the parent's metadata", async () => {
    const metadata = JSON.stringify({ user: "u-1", hatchet__private: "p" });
    const parent = await stage.start(worker, {}, { additionalMetadata: metadata });
    const origin = { parentId: parent.workflowRunId, parentTaskRunExternalId: parent.taskRunExternalId };
    const child = await stage.start(
      worker,
      {},
      { ...origin, childIndex: 0, childKey: "k", additionalMetadata: '{"own":"1"}' },
    );
    expect(child).toMatchObject({
      childWorkflowIndex: 0,
      childWorkflowKey: "k",
      parentWorkflowRunId: parent.taskRunExternalId,
    });
    const carried = JSON.parse(child.additionalMetadata ?? "{}") as Loose;
    expect(carried).toMatchObject({
      user: "u-1",
      own: "1",
      hatchet__parent_workflow_run_id: parent.workflowRunId,
      hatchet__parent_step_run_id: parent.taskRunExternalId,
    });
    expect(carried).not.toHaveProperty("hatchet__private");

    // One key, or without one the same index, is the same child; a key without an index is none.
    expect(await stage.trigger({}, { ...origin, childIndex: 7, childKey: "k" })).toBe(child.workflowRunId);
    const byIndex = await stage.trigger({}, { ...origin, childIndex: 3 });
    expect(await stage.trigger({}, { ...origin, childIndex: 3 })).toBe(byIndex);
    expect(await stage.trigger({}, { ...origin, childKey: "k" })).not.toBe(child.workflowRunId);

    // The memory outlives the parent's attempt.
    await worker.report(parent, "failed", { payload: "once" });
    await worker.action("start", parent.taskRunExternalId, 1);
    expect(await stage.trigger({}, { ...origin, childIndex: 3 })).toBe(byIndex);
  });

  test("is spelled in lower case, however the workflow and the worker wrote its verb", async () => {
    const mixed = await RawStage.open(stage.engine, undefined, "raw-mixed");
    const put = mixed.definition([{ readableId: "a", action: `${mixed.name}:Do-It` }]);
    await call(mixed.grpc, "admin", "putWorkflow", put);
    const one = await mixed.worker(1, ["do-IT"]);
    const action = await mixed.start(one);
    expect(action.actionId).toBe(`${mixed.name}:do-it`);
    mixed.close();
  });
});
