import { BatchActionEvent, PutLogRequest, PutStreamEventRequest, StepActionEventType } from "@helve/contracts";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { call } from "../support/grpc.ts";
import type { Loose } from "../support/loose.ts";
import { RawStage } from "../support/raw-stage.ts";
import type { RawWorker } from "../support/raw-worker.ts";
import { expectRefusal } from "../support/refusal.ts";

const UNKNOWN = "00000000-0000-4000-8000-0000000000aa";

describe.concurrent("what a running task asks for", () => {
  let stage: RawStage;
  let worker: RawWorker;
  beforeAll(async () => {
    stage = await RawStage.open(inject("engine"), undefined, "raw-task-calls");
    worker = await stage.worker(50);
  });
  afterAll(() => stage.close());

  function refresh(taskRunExternalId: string, incrementTimeoutBy = "10s"): Promise<{ timeoutAt?: Date | undefined }> {
    return call(stage.grpc, "dispatcher", "refreshTimeout", { taskRunExternalId, incrementTimeoutBy });
  }
  const release = (taskRunExternalId: string): Promise<unknown> => {
    return call(stage.grpc, "dispatcher", "releaseSlot", { taskRunExternalId });
  };

  test("more time is added to the deadline it has", async () => {
    const action = await stage.start(worker);
    const assigned = await stage.rest.taskEvent(action.taskRunExternalId, "ASSIGNED");
    const first = (await refresh(action.taskRunExternalId, "10s")).timeoutAt?.getTime() ?? 0;
    expect(Math.abs(first - (assigned.at + 70_000))).toBeLessThan(1_000);
    const second = (await refresh(action.taskRunExternalId, "1m30s")).timeoutAt?.getTime() ?? 0;
    expect(Math.abs(second - first - 90_000)).toBeLessThan(10);
    const event = await stage.rest.taskEvent(action.taskRunExternalId, "TIMEOUT_REFRESHED");
    expect(event.message).toMatch(/10s/);
    await worker.complete(action);
  });

  test("more time and a released slot are refused for what does not run", async () => {
    await expectRefusal(refresh(UNKNOWN), "NOT_FOUND", `task run not found: ${UNKNOWN}`);
    await expectRefusal(refresh("x"), "INVALID_ARGUMENT", "invalid task external run id x");
    await expectRefusal(release(UNKNOWN), "NOT_FOUND", `task run not found: ${UNKNOWN}`);
    await expectRefusal(release("x"), "INVALID_ARGUMENT", "invalid task external run id x");
    const action = await stage.start(worker);
    await expectRefusal(refresh(action.taskRunExternalId, "10x"), "INVALID_ARGUMENT");
    await worker.complete(action);
    await expectRefusal(refresh(action.taskRunExternalId), "NOT_FOUND");
    await expectRefusal(release(action.taskRunExternalId), "NOT_FOUND");
  });

  test("a released slot is taken by the next run, and the first may still end", async () => {
    const single = await RawStage.open(stage.engine, undefined, "raw-release");
    const one = await single.worker(1);
    const first = await single.start(one);
    const waiting = await single.trigger();
    const releasedAt = Date.now();
    await call(single.grpc, "dispatcher", "releaseSlot", { taskRunExternalId: first.taskRunExternalId });
    const second = await one.action("start", waiting);
    expect(Date.now() - releasedAt).toBeLessThan(500);
    await one.complete(first, { first: 1 });
    await one.complete(second);
    expect(await single.status(first.workflowRunId)).toBe("COMPLETED");
    single.close();
  });

  test("restoring is answered, or refused for an id that is none", async () => {
    const restore = call(stage.grpc, "dispatcher", "restoreEvictedTask", { taskRunExternalId: "x" });
    await expectRefusal(restore, "INVALID_ARGUMENT", "", { unserved: true });
  });

  test("log lines are taken by their rules and listed with their attempt", async () => {
    const action = await stage.start(worker);
    const log = (fields: Partial<PutLogRequest>): Promise<unknown> => {
      const line = { taskRunExternalId: action.taskRunExternalId, message: "m", createdAt: new Date(1_000), ...fields };
      return call(stage.grpc, "events", "putLog", PutLogRequest.create(line));
    };
    await log({ message: "plain" });
    await log({ message: "bad news ☃", level: "ERROR", metadata: '{"k":"v"}', taskRetryCount: 0 });
    await log({ message: "z".repeat(10_000), level: "DEBUG" });
    await expectRefusal(log({ level: "TRACE" }), "INVALID_ARGUMENT", /level/i);
    await expectRefusal(log({ level: "info" }), "INVALID_ARGUMENT", /level/i);
    await expectRefusal(log({ message: "" }), "INVALID_ARGUMENT", /message/i);
    await expectRefusal(log({ message: "z".repeat(10_001) }), "INVALID_ARGUMENT", /message/i);
    await expectRefusal(log({ metadata: "x" }), "INVALID_ARGUMENT", /metadata/i);
    await expectRefusal(log({ taskRunExternalId: UNKNOWN }), "NOT_FOUND", `task run not found: ${UNKNOWN}`);
    await expectRefusal(log({ taskRunExternalId: "x" }), "INVALID_ARGUMENT");
    const { rows } = await stage.rest.get<Loose>(`/api/v1/stable/tasks/${action.taskRunExternalId}/logs`);
    const error = rows.find((row: Loose) => row.level === "ERROR");
    expect(error).toMatchObject({ message: "bad news ☃", retryCount: 0, attempt: 1, metadata: { k: "v" } });
    // Stored under the engine's time, whatever the worker's clock says.
    expect(Date.parse(error.createdAt)).toBeGreaterThan(Date.now() - 60_000);
    expect(rows).toHaveLength(3);
    await worker.complete(action);
  });

  test("chunks of a stream are taken as bytes", async () => {
    const action = await stage.start(worker);
    const chunk = (fields: Partial<PutStreamEventRequest>): Promise<unknown> => {
      const message = { taskRunExternalId: action.taskRunExternalId, createdAt: new Date(), message: Buffer.from("c") };
      return call(stage.grpc, "events", "putStreamEvent", PutStreamEventRequest.create({ ...message, ...fields }));
    };
    await chunk({});
    await chunk({ message: Buffer.from([0xff, 0xfe]) });
    await expectRefusal(chunk({ taskRunExternalId: UNKNOWN }), "NOT_FOUND");
    await expectRefusal(chunk({ taskRunExternalId: "x" }), "INVALID_ARGUMENT");
    await worker.complete(action);
  });

  test("reports in one call about many tasks are taken one by one", async () => {
    const report = (items: Loose[], eventType: StepActionEventType): Promise<unknown> => {
      const request = { workerId: worker.id, eventTimestamp: new Date(), eventType, items };
      return call(stage.grpc, "dispatcher", "sendBatchActionEvent", BatchActionEvent.create(request));
    };
    const { STEP_EVENT_TYPE_COMPLETED, STEP_EVENT_TYPE_UNKNOWN } = StepActionEventType;
    const unserved = { unserved: true };
    const bad = report([{ taskRunExternalId: "x" }], STEP_EVENT_TYPE_COMPLETED);
    const { code } = await expectRefusal(bad, "INVALID_ARGUMENT", "", unserved);
    if (code === "UNIMPLEMENTED") return;
    await expectRefusal(report([{ taskRunExternalId: UNKNOWN }], STEP_EVENT_TYPE_UNKNOWN), "INVALID_ARGUMENT");
    await report([], STEP_EVENT_TYPE_COMPLETED);
    const action = await stage.start(worker);
    const mine = { taskRunExternalId: action.taskRunExternalId, eventPayload: '{"ok":1}', retryCount: 0 };
    await report([{ taskRunExternalId: UNKNOWN, eventPayload: "{}" }, mine], STEP_EVENT_TYPE_COMPLETED);
    expect(await stage.status(action.workflowRunId)).toBe("COMPLETED");
  });
});
