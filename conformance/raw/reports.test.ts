import type { AssignedAction } from "@helve/contracts";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { ending } from "../support/grpc.ts";
import { RawStage } from "../support/raw-stage.ts";
import type { RawWorker } from "../support/raw-worker.ts";
import { expectRefusal } from "../support/refusal.ts";
import { RunResults } from "../support/run-results.ts";

const UNKNOWN = "00000000-0000-4000-8000-0000000000aa";

describe.concurrent("a report", () => {
  let stage: RawStage;
  let worker: RawWorker;
  let results: RunResults;
  beforeAll(async () => {
    stage = await RawStage.open(inject("engine"), [{ retries: 1 }], "raw-reports");
    worker = await stage.worker(50);
    results = new RunResults(stage.grpc);
  });
  afterAll(() => {
    results.cancel();
    stage.close();
  });

  /** What all three views say about a run of one task; they must agree. */
  async function outcome(run: string): Promise<{ status: string; output: string; error: string | undefined }> {
    const details = await stage.details(run);
    const task = details.taskRuns.a;
    const status = await stage.status(run);
    expect(await stage.rest.status(run)).toBe(status);
    if (details.done) {
      const answer = await results.of(run);
      expect(answer.results).toHaveLength(1);
      expect(answer.results[0]?.output ?? "").toBe(task?.output?.toString() ?? "");
    }
    return { status, output: task?.output?.toString() ?? "", error: task?.error };
  }

  test("about an id that is none, or nobody's, is refused", async () => {
    const about = (taskRunExternalId: string): Promise<void> => {
      return worker.report({ taskRunExternalId, retryCount: 0 } as AssignedAction, "completed");
    };
    await expectRefusal(about("x"), "INVALID_ARGUMENT", "invalid task external run id x");
    await expectRefusal(about(UNKNOWN), "INVALID_ARGUMENT", `invalid task external run id ${UNKNOWN}`);
  });

  test("of an unknown kind is refused; an acknowledgement is taken and changes nothing", async () => {
    const action = await stage.start(worker);
    await expectRefusal(worker.report(action, "unknown"), "INVALID_ARGUMENT");
    await worker.report(action, "acknowledged");
    expect(await outcome(action.workflowRunId)).toMatchObject({ status: "RUNNING" });
    await worker.complete(action);
  });

  test("may leave out the attempt: the present one is meant", async () => {
    const action = await stage.start(worker);
    await worker.report(action, "completed", { payload: '{"ok":1}', retryCount: null });
    expect(await outcome(action.workflowRunId)).toMatchObject({ status: "COMPLETED", output: '{"ok":1}' });
  });

  test("under an attempt that never was is answered and changes nothing", async () => {
    const action = await stage.start(worker);
    await worker.report(action, "completed", { payload: '{"never":1}', retryCount: 5 });
    await worker.report(action, "failed", { payload: "never", retryCount: 7 });
    expect(await outcome(action.workflowRunId)).toMatchObject({ status: "RUNNING" });
    const events = await stage.rest.taskEvents(action.taskRunExternalId);
    expect(events.map((event) => event.type)).not.toContain("FINISHED");
    expect(events.map((event) => event.type)).not.toContain("FAILED");
    // Refused is not forgotten: whoever looks at the run can see it.
    expect(events.filter((event) => /late report/i.test(event.message))).toHaveLength(2);
    await worker.complete(action, { ok: 1 });
    expect(await outcome(action.workflowRunId)).toMatchObject({ status: "COMPLETED", output: '{"ok":1}' });
  });

  test("of an attempt that is over is answered and changes nothing", async () => {
    const action = await stage.start(worker);
    await worker.report(action, "failed", { payload: "first" });
    const second = await worker.action("start", action.taskRunExternalId, 1);
    await worker.report(action, "completed", { payload: '{"stale":1}' });
    await worker.report(action, "failed", { payload: "stale" });
    expect(await outcome(action.workflowRunId)).toMatchObject({ status: "RUNNING" });
    await worker.complete(second, { ok: 2 });
    expect(await outcome(action.workflowRunId)).toMatchObject({ status: "COMPLETED", output: '{"ok":2}' });
  });

  test("sent twice counts once, also when the second says something else", async () => {
    const action = await stage.start(worker);
    await worker.report(action, "completed", { payload: '{"ok":1}' });
    await worker.report(action, "completed", { payload: '{"ok":2}' });
    await worker.report(action, "failed", { payload: "too late" });
    await worker.report(action, "started");
    expect(await outcome(action.workflowRunId)).toMatchObject({ status: "COMPLETED", output: '{"ok":1}' });
  });

  test("of an output that is no JSON, or holds a NUL, is answered and counts as a failure", async () => {
    const action = await stage.start(worker);
    await worker.report(action, "completed", { payload: "{bad" });
    const second = await worker.action("start", action.taskRunExternalId, 1);
    expect((await stage.rest.taskEvent(action.taskRunExternalId, "FAILED")).error).toMatch(/invalid json/i);
    await worker.report(second, "completed", { payload: '{"a":"x\\u0000y"}' });
    expect(await outcome(action.workflowRunId)).toMatchObject({
      status: "FAILED",
      error: expect.stringMatching(/null character/),
    });
  });

  test("of no output at all is a success", async () => {
    const action = await stage.start(worker);
    await worker.report(action, "completed", { payload: "" });
    expect(await outcome(action.workflowRunId)).toMatchObject({ status: "COMPLETED", output: "" });
  });

  test("of a failure not worth a retry ends the run, with the worker's very text", async () => {
    const action = await stage.start(worker);
    const text = '{"message":"no more ☃","stack":"Error: no more\\n    at x"}';
    await worker.report(action, "failed", { payload: text, shouldNotRetry: true });
    expect(await outcome(action.workflowRunId)).toMatchObject({ status: "FAILED", error: text });
    expect((await results.of(action.workflowRunId)).results[0]?.error).toBe(text);
  });

  test("of a cancel ends the run as cancelled; a cancel comes back, and a later output changes nothing", async () => {
    const action = await stage.start(worker);
    await worker.report(action, "started");
    await worker.report(action, "cancelled");
    const cancel = await worker.action("cancel", action.taskRunExternalId);
    expect(cancel).toMatchObject({ retryCount: 0, actionPayload: "", actionId: action.actionId });
    await worker.report(action, "completed", { payload: '{"late":1}' });
    expect(await outcome(action.workflowRunId)).toMatchObject({ status: "CANCELLED", output: "" });
  });

  test("of a failure after a cancel starts no retry and changes nothing", async () => {
    const action = await stage.start(worker);
    await stage.cancel(action.workflowRunId);
    await worker.action("cancel", action.taskRunExternalId);
    await worker.report(action, "failed", { payload: "late failure" });
    expect(await outcome(action.workflowRunId)).toMatchObject({ status: "CANCELLED" });
    const attempts = worker.actions.filter((one) => one.taskRunExternalId === action.taskRunExternalId);
    expect(attempts.map((one) => one.retryCount)).toEqual([0, 0]);
    const answer = await results.of(action.workflowRunId);
    expect(answer.results[0]?.error).toBeDefined();
  });

  test("a run that has ended cannot be cancelled any more", async () => {
    const action = await stage.start(worker);
    await worker.complete(action, { ok: 1 });
    const path = `/api/v1/stable/workflow-runs/${action.workflowRunId}`;
    const before = await stage.rest.get<{ run: unknown }>(path);
    await ending(stage.cancel(action.workflowRunId));
    expect((await stage.rest.get<{ run: unknown }>(path)).run).toEqual(before.run);
    const types = (await stage.rest.taskEvents(action.taskRunExternalId)).map((event) => event.type);
    expect(types).toEqual(["QUEUED", "ASSIGNED", "SENT_TO_WORKER", "STARTED", "FINISHED"]);
  });

  test("is dated by the engine's clock, whatever the worker's says", async () => {
    const startedAt = Date.now();
    const action = await stage.start(worker);
    await worker.report(action, "started", { timestamp: new Date(1_000) });
    await worker.report(action, "completed", { timestamp: new Date("2090-01-01T00:00:00Z") });
    const events = await stage.rest.taskEvents(action.taskRunExternalId);
    const times = events.map((event) => event.at);
    expect(events.map((event) => event.type)).toEqual(["QUEUED", "ASSIGNED", "SENT_TO_WORKER", "STARTED", "FINISHED"]);
    expect(times).toEqual([...times].sort((one, other) => one - other));
    expect(Math.min(...times)).toBeGreaterThan(startedAt - 1_000);
    expect(Math.max(...times)).toBeLessThan(Date.now() + 1_000);
  });
});
