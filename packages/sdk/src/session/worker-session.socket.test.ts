import { status } from "@grpc/grpc-js";
import { helve } from "@helve/contracts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Fixture } from "../loopback-engine/fixture.ts";
import type { TaskWorkflowDeclaration } from "../workflow/task-declaration.ts";

const { OUTCOME_STARTED, OUTCOME_SUCCEEDED, OUTCOME_ENDED } = helve.Outcome;

let fixture: Fixture;
let quick: TaskWorkflowDeclaration;
/** Runs until `finish` is called. */
let held: TaskWorkflowDeclaration;
let finish: () => void;
let isHeldRunning: Promise<void>;

beforeEach(async () => {
  fixture = await Fixture.start();
  quick = fixture.client.task({ name: "quick", fn: async () => {} });
  let started = (): void => {};
  isHeldRunning = new Promise((resolve) => {
    started = resolve;
  });
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  held = fixture.client.task({
    name: "held",
    fn: async (_input, ctx) => {
      started();
      await Promise.race([finished, new Promise((resolve) => ctx.signal.addEventListener("abort", resolve))]);
    },
  });
});
afterEach(() => fixture.end());

/** Reports on a stream of a worker, counted from 1. */
function reports(stream: number): helve.Report[] {
  const frames = fixture.engine.workerControls.frames.filter((one) => one.stream === stream);
  return frames.flatMap(({ frame }) => frame.reports);
}

function registers(): helve.Register[] {
  return fixture.engine.workerControls.frames.flatMap(({ frame }) => (frame.register ? [frame.register] : []));
}

describe("a worker's stream", () => {
  test("warns of what the engine has to say when it registers", async () => {
    const warnings: string[] = [];
    const quiet = () => {};
    const warn = (message: string): void => void warnings.push(message);
    const own = await Fixture.start({
      logger: () => ({ debug: quiet, info: quiet, green: quiet, error: quiet, warn }),
    });
    try {
      own.engine.workerControls.notice = "this engine is older than the worker's SDK";
      await own.worker({ workflows: [own.client.task({ name: "quick", fn: async () => {} })] });
      expect(warnings).toEqual(["this engine is older than the worker's SDK"]);
    } finally {
      await own.end();
    }
  });

  test("registers with what the worker is and can do", async () => {
    const worker = await fixture.worker({
      workflows: [quick, held],
      slots: 7,
      labels: { region: "eu", memory: 512, load: 0.5 },
    });
    expect(registers()[0]).toMatchObject({
      protocol: 1,
      name: "test-worker",
      actions: ["quick:quick", "held:held"],
      slots: { default: 7 },
      labels: [
        { key: "region", value: { $case: "text", value: "eu" } },
        { key: "memory", value: { $case: "number", value: 512 } },
        { key: "load", value: { $case: "text", value: "0.5" } },
      ],
      holding: [],
      runtime: { language: "TYPESCRIPT", languageVersion: process.version, os: process.platform },
    });
    expect(worker.workerId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("confirms a task by its result alone when that comes at once", async () => {
    await fixture.worker({ workflows: [quick] });
    await quick.run({});
    expect(reports(1).map(({ outcome }) => outcome)).toEqual([OUTCOME_SUCCEEDED]);
  });

  test("confirms a task that goes on", async () => {
    await fixture.worker({ workflows: [held] });
    const result = held.run({});
    await expect.poll(() => reports(1).map(({ outcome }) => outcome)).toEqual([OUTCOME_STARTED]);
    finish();
    await result;
    expect(reports(1).map(({ outcome }) => outcome)).toEqual([OUTCOME_STARTED, OUTCOME_SUCCEEDED]);
  });

  test("carries hundreds of results in few frames", async () => {
    await fixture.worker({ workflows: [quick], slots: 500 });
    await quick.run(Array.from({ length: 500 }, () => ({})));
    const withReports = fixture.engine.workerControls.frames.filter(({ frame }) => frame.reports.length > 0);
    expect(withReports.length).toBeLessThan(10);
  });

  test("comes back with its id, and says what it holds", async () => {
    const worker = await fixture.worker({ workflows: [held] });
    const { workerId } = worker;
    const result = held.run({});
    await isHeldRunning;
    fixture.engine.breakWorkerStreams();
    await expect.poll(() => registers()).toHaveLength(2);
    expect(registers()[1]).toMatchObject({ workerId, holding: [{ attempt: 1 }] });
    finish();
    await result;
    expect(reports(2).map(({ outcome }) => outcome)).toContain(OUTCOME_SUCCEEDED);
    expect(worker.workerId).toBe(workerId);
  });

  test("tells again what was not durable when it broke, after it has registered", async () => {
    fixture.engine.workerControls.holdsAcknowledgements = true;
    const worker = await fixture.worker({ workflows: [quick] });
    await quick.run({});
    fixture.engine.breakWorkerStreams();
    fixture.engine.workerControls.holdsAcknowledgements = false;
    await expect.poll(() => reports(2)).toHaveLength(1);
    expect(reports(2)[0]).toMatchObject({ outcome: OUTCOME_SUCCEEDED, attempt: 1 });
    expect(registers()[1]?.holding).toEqual([{ taskId: reports(2)[0]?.taskId, attempt: 1 }]);
    const numbers = fixture.engine.workerControls.frames.filter((one) => one.stream === 2);
    expect(numbers.map(({ frame }) => frame.number)).toEqual([1, 2]);
    await worker.stop();
  });

  test("tells nothing again that was durable", async () => {
    await fixture.worker({ workflows: [quick] });
    await quick.run({});
    await expect.poll(() => fixture.engine.workerControls.frames.length).toBeGreaterThan(1);
    fixture.engine.breakWorkerStreams();
    await expect.poll(() => registers()).toHaveLength(2);
    await quick.run({});
    expect(reports(2)).toHaveLength(1);
  });

  test("stops what the engine says was lost", async () => {
    await fixture.worker({ workflows: [held] });
    await held.runNoWait({});
    await expect.poll(() => reports(1)).toHaveLength(1);
    const taskId = reports(1)[0]?.taskId ?? "";
    fixture.engine.workerControls.lost = [{ taskId, attempt: 1 }];
    fixture.engine.breakWorkerStreams();
    await expect.poll(() => reports(2).map(({ outcome }) => outcome)).toContain(OUTCOME_ENDED);
  });

  test("comes as a new worker when the engine has forgotten it, and gives up what it held", async () => {
    const worker = await fixture.worker({ workflows: [held] });
    const { workerId } = worker;
    await held.runNoWait({});
    await isHeldRunning;
    fixture.engine.workerRefusals.push({ code: status.NOT_FOUND, details: "worker not found" });
    fixture.engine.breakWorkerStreams();
    await expect.poll(() => registers()).toHaveLength(2);
    expect(registers()[1]).toMatchObject({ workerId: undefined, holding: [] });
    await expect.poll(() => reports(2).map(({ outcome }) => outcome)).toContain(OUTCOME_ENDED);
    expect(worker.workerId).not.toBe(workerId);
  });

  test("comes back to an engine that was gone, and runs what waits there", async () => {
    await fixture.worker({ workflows: [quick] });
    fixture.engine.crash();
    await expect.poll(() => fixture.logLines.join("\n")).toContain("cannot be reached");
    await fixture.engine.listen();
    await quick.run({});
  });

  test("is never silent for longer than the engine allows", async () => {
    fixture.engine.workerControls.heartbeatMs = 40;
    await fixture.worker({ workflows: [quick] });
    const beats = (): number =>
      fixture.engine.workerControls.frames.filter(({ frame }) => !frame.register && frame.reports.length === 0).length;
    await expect.poll(beats).toBeGreaterThan(3);
  });

  test.each([
    [status.UNAUTHENTICATED, "unauthenticated"],
    [status.INVALID_ARGUMENT, "invalid_argument"],
    [status.UNIMPLEMENTED, "unimplemented"],
  ])("is given up when the engine refuses it with %s", async (code, name) => {
    fixture.engine.workerRefusals.push({ code, details: "no" });
    const worker = await fixture.client.worker("refused", { workflows: [quick], handleKill: false });
    await expect(worker.start()).rejects.toMatchObject({ code: name });
    await worker.stop();
  });
});

test("nothing is lost, stuck or done twice when streams break again and again", async () => {
  const count = 2_000;
  const seen = new Map<string, number>();
  const task = fixture.client.task({
    name: "counted",
    fn: async (_input: { n: number }, ctx) => {
      const attempt = `${ctx.taskRunExternalId()} ${ctx.retryCount()}`;
      seen.set(attempt, (seen.get(attempt) ?? 0) + 1);
      // Some are under way whenever a stream breaks.
      await new Promise((resolve) => setTimeout(resolve, ctx.retryCount() % 5));
      return {};
    },
  });
  const worker = await fixture.worker({ workflows: [task], slots: 100, gracePeriodMs: 60_000 });
  let breaks = 0;
  fixture.engine.workerControls.onFrame = (frame) => {
    // Every fourth frame that tells something is the last of its stream.
    if (frame.reports.length === 0 || frame.number < 5 || breaks >= 30) return;
    breaks += 1;
    fixture.engine.breakWorkerStreams();
  };
  await task.run(Array.from({ length: count }, (_, n) => ({ n })));
  expect(breaks).toBeGreaterThan(3);
  expect([...seen.values()].every((times) => times === 1)).toBe(true);
  await worker.stop();
}, 30_000);

describe("what a task asks for while it runs", () => {
  test("goes along: lines, chunks, time, slot, labels", async () => {
    const busy = fixture.client.task({
      name: "busy",
      fn: async (_input, ctx) => {
        await ctx.log("begun");
        await ctx.logger.warn("odd", { extra: { n: 1 } });
        await ctx.putStream("chunk 0");
        await ctx.putStream("chunk 1");
        await ctx.refreshTimeout("10s");
        await ctx.releaseSlot();
        const labels = await ctx.worker.upsertLabels({ model: "b" });
        return { labels: labels as { model: string }, has: ctx.worker.hasWorkflow("busy"), id: ctx.worker.id() ?? "" };
      },
    });
    const worker = await fixture.worker({ workflows: [busy], labels: { region: "eu" } });
    expect(await busy.run({})).toEqual({ labels: { region: "eu", model: "b" }, has: true, id: worker.workerId });
    const frames = fixture.engine.workerControls.frames.map(({ frame }) => frame);
    expect(frames.flatMap((frame) => frame.logs)).toMatchObject([
      { level: "INFO", message: "begun", metadata: "" },
      { level: "WARN", message: "odd", metadata: '{"n":1}' },
    ]);
    expect(frames.flatMap((frame) => frame.chunks.map(({ index, content }) => `${index} ${content}`))).toEqual([
      "0 chunk 0",
      "1 chunk 1",
    ]);
    expect(frames.flatMap((frame) => frame.refreshTimeouts)).toMatchObject([{ incrementMs: 10_000 }]);
    expect(frames.flatMap((frame) => frame.releaseSlots)).toHaveLength(1);
    expect(frames.flatMap((frame) => frame.labels)).toEqual([{ key: "model", value: { $case: "text", value: "b" } }]);
  });
});
