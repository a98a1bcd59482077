import { helve } from "@helve/contracts";
import { describe, expect, test } from "vitest";
import { MAX_FRAME_CHARS } from "./frame-limits.ts";
import { WorkerOutbox } from "./worker-outbox.ts";

const { OUTCOME_STARTED, OUTCOME_SUCCEEDED } = helve.Outcome;

function report(taskId: string, payload = "{}"): helve.Report {
  return { taskId, attempt: 1, outcome: OUTCOME_SUCCEEDED, payload, notRetryable: false };
}

describe("WorkerOutbox", () => {
  test("has no frame when there is nothing to say", () => {
    expect(new WorkerOutbox().takeFrame(1)).toBeUndefined();
  });

  test("tells the start of an attempt only if its end is not told with it", () => {
    const outbox = new WorkerOutbox();
    outbox.started({ taskId: "running", attempt: 1, isReported: false });
    outbox.started({ taskId: "done", attempt: 1, isReported: true });
    outbox.report(report("done"));
    expect(outbox.takeFrame(2)?.reports.map(({ taskId, outcome }) => [taskId, outcome])).toEqual([
      ["running", OUTCOME_STARTED],
      ["done", OUTCOME_SUCCEEDED],
    ]);
    expect(outbox.isEmpty).toBe(true);
  });

  test("puts into one frame what fits, and sends what is larger alone", () => {
    const outbox = new WorkerOutbox();
    const half = "x".repeat(MAX_FRAME_CHARS / 2);
    for (const taskId of ["a", "b", "c"]) outbox.report(report(taskId, half));
    outbox.report(report("huge", "x".repeat(MAX_FRAME_CHARS * 2)));
    const frames: string[][] = [];
    for (let frame = outbox.takeFrame(1); frame !== undefined; frame = outbox.takeFrame(1)) {
      frames.push(frame.reports.map(({ taskId }) => taskId));
    }
    expect(frames).toEqual([["a", "b"], ["c"], ["huge"]]);
  });

  test("asks writers to wait while much is waiting, and lets them go on when it has gone", async () => {
    const outbox = new WorkerOutbox();
    expect(outbox.room()).toBeUndefined();
    const content = Buffer.alloc(MAX_FRAME_CHARS * 9);
    outbox.chunk({ taskId: "a", index: 0, content });
    const room = outbox.room();
    expect(room).toBeInstanceOf(Promise);
    outbox.takeFrame(1);
    await room;
    expect(outbox.room()).toBeUndefined();
  });

  test("tells once per stream that the worker takes nothing more", () => {
    const outbox = new WorkerOutbox();
    outbox.drain();
    expect(outbox.takeFrame(1)?.draining).toBe(true);
    outbox.drain();
    expect(outbox.takeFrame(2)).toBeUndefined();
    outbox.newStream([]);
    expect(outbox.takeFrame(1)?.draining).toBe(true);
  });
});
