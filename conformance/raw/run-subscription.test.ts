import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { RawStage } from "../support/raw-stage.ts";
import type { RawWorker } from "../support/raw-worker.ts";
import { RunResults } from "../support/run-results.ts";

const UNKNOWN = "00000000-0000-4000-8000-0000000000aa";

describe.concurrent("awaiting runs on one stream", () => {
  let stage: RawStage;
  let worker: RawWorker;
  const streams: RunResults[] = [];
  beforeAll(async () => {
    stage = await RawStage.open(inject("engine"), undefined, "raw-results");
    worker = await stage.worker(200);
  });
  afterAll(() => {
    for (const stream of streams) stream.cancel();
    stage.close();
  });

  function open(): RunResults {
    const stream = new RunResults(stage.grpc);
    streams.push(stream);
    return stream;
  }

  test("answers when the run ends, with the output's very bytes", async () => {
    const stream = open();
    const action = await stage.start(worker);
    stream.ask(action.workflowRunId);
    const output = '{ "z": 1.0, "a":12345678901234567890, "dup":1, "dup":2, "e":1E-7, "u":"\\u00e9 \\/" }';
    const reportedAt = Date.now();
    await worker.report(action, "completed", { payload: output });
    const answer = await stream.answer(action.workflowRunId);
    expect(Date.now() - reportedAt).toBeLessThan(500);
    expect(answer.eventType).toBe(0);
    expect(answer.results).toEqual([
      expect.objectContaining({
        taskRunExternalId: action.taskRunExternalId,
        jobRunId: action.taskRunExternalId,
        taskName: "a",
        output,
        error: undefined,
      }),
    ]);
    expect((await stage.details(action.workflowRunId)).taskRuns.a?.output?.toString()).toBe(output);
  });

  test("answers at once for a run that ended before", async () => {
    const action = await stage.start(worker);
    await worker.complete(action, { ok: 1 });
    const stream = open();
    const askedAt = performance.now();
    await stream.of(action.workflowRunId);
    expect(performance.now() - askedAt).toBeLessThan(500);
  });

  test("passes over ids that are none, and over unknown ones until they exist", async () => {
    const action = await stage.start(worker);
    const stream = open();
    for (const id of ["not-a-uuid", "", UNKNOWN]) stream.ask(id);
    stream.ask(action.workflowRunId);
    await worker.complete(action);
    await stream.answer(action.workflowRunId);
    expect(stream.events).toHaveLength(1);
  });

  test("answers each of many runs once, and stays open", async () => {
    const stream = open();
    const early = await stage.start(worker);
    await worker.complete(early);
    const actions = await Promise.all(Array.from({ length: 60 }, () => stage.start(worker)));
    for (const action of [...actions, ...actions]) stream.ask(action.workflowRunId);
    // Reports come on another connection: once this is answered, they cannot overtake what was asked before it.
    await stream.of(early.workflowRunId);
    await Promise.all(actions.map((action) => worker.complete(action)));
    for (const action of actions) await stream.answer(action.workflowRunId);
    const last = await stage.start(worker);
    await worker.complete(last);
    await stream.of(last.workflowRunId);
    for (const { workflowRunId } of actions) expect(stream.answers(workflowRunId)).toHaveLength(1);
    stream.halfClose();
    expect(await stream.ended).toEqual({ code: "OK", text: "" });
  });

  test("answers anew, at once, when a program asks again for a run it has had the result of", async () => {
    const action = await stage.start(worker);
    await worker.complete(action, { ok: 1 });
    const stream = open();
    const first = await stream.of(action.workflowRunId);
    const askedAt = performance.now();
    stream.ask(action.workflowRunId);
    await eventually("a second answer", 2_000, async () => stream.answers(action.workflowRunId)[1]);
    expect(performance.now() - askedAt).toBeLessThan(500);
    expect(stream.answers(action.workflowRunId)[1]?.results).toEqual(first.results);
  });

  test("names what failed with the worker's text, and a cancel with an error of its own", async () => {
    const stream = open();
    const failed = await stage.start(worker);
    await worker.report(failed, "failed", { payload: "plain text\n  at line 2" });
    const answer = await stream.of(failed.workflowRunId);
    expect(answer.results[0]).toMatchObject({ error: "plain text\n  at line 2", output: undefined });
    const cancelled = await stage.start(worker);
    stream.ask(cancelled.workflowRunId);
    await stage.cancel(cancelled.workflowRunId);
    // Clients take an error that is present but empty for a success.
    const { results } = await stream.answer(cancelled.workflowRunId);
    expect(results).toHaveLength(1);
    expect(results[0]?.error).toMatch(/cancel/i);
  });

  test("sends no outputs when they would not fit into a message", async () => {
    const two = await RawStage.open(stage.engine, [{ readableId: "a" }, { readableId: "b" }], "raw-large");
    const both = await two.worker(5, ["a", "b"]);
    const run = await two.trigger();
    for (let n = 0; n < 2; n++) await both.complete(await both.next(), { text: "x".repeat(2_500_000) });
    const stream = new RunResults(two.grpc);
    expect((await stream.of(run)).results).toEqual([]);
    stream.cancel();
    two.close();
  });
});
