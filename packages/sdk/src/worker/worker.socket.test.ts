import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { helve } from "@helve/contracts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Fixture } from "../loopback-engine/fixture.ts";
import type { LegacyWorkflow } from "../workflow/legacy-workflow.ts";

const { OUTCOME_SUCCEEDED, OUTCOME_RETURNED } = helve.Outcome;

let fixture: Fixture;

beforeEach(async () => {
  fixture = await Fixture.start();
});
afterEach(() => fixture.end());

function frames(): helve.WorkerFrame[] {
  return fixture.engine.workerControls.frames.map(({ frame }) => frame);
}

function outcomes(): helve.Outcome[] {
  return frames().flatMap((frame) => frame.reports.map(({ outcome }) => outcome));
}

/** A task that runs until it is told to end, and when it has begun. */
function heldTask() {
  let finish = (): void => {};
  let begin = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const task = fixture.client.task({
    name: "held",
    fn: async () => {
      begin();
      await finished;
    },
  });
  return { task, begun, finish: () => finish() };
}

describe("a worker that stops", () => {
  test("takes nothing new, lets its tasks end, and makes their ends durable", async () => {
    const { task, begun, finish } = heldTask();
    const worker = await fixture.worker({ workflows: [task], gracePeriodMs: 60_000 });
    const result = task.run({});
    await begun;
    const stopped = worker.stop();
    await expect.poll(() => frames().some((frame) => frame.draining)).toBe(true);
    const waiting = await task.runNoWait({});
    finish();
    await stopped;
    await result;
    expect(outcomes().filter((outcome) => outcome === OUTCOME_SUCCEEDED)).toHaveLength(1);
    expect(fixture.engine.workers.size).toBe(0);
    expect(await fixture.client.runs.get_status(waiting)).toBe("RUNNING");
  });

  test("gives back what does not end in time, and another worker runs it", async () => {
    const { task, begun, finish } = heldTask();
    const worker = await fixture.worker({ workflows: [task], gracePeriodMs: 20 });
    const result = task.run({});
    await begun;
    await worker.stop();
    expect(outcomes()).toContain(OUTCOME_RETURNED);
    finish();
    await fixture.worker({ workflows: [task] });
    await result;
  });

  test("may be stopped twice, before it starts, and while it starts", async () => {
    const { task } = heldTask();
    const made = await fixture.client.worker("made", { workflows: [task], handleKill: false });
    await Promise.all([made.stop(), made.stop()]);
    await made.start();
    const starting = await fixture.client.worker("starting", { workflows: [task], handleKill: false });
    const running = starting.start();
    await starting.stop();
    await running;
    expect(starting.start()).toBe(running);
  });

  test("leaves when the engine asks for it, after what it has", async () => {
    const { task, begun, finish } = heldTask();
    const worker = await fixture.client.worker("w", { workflows: [task], handleKill: false, gracePeriodMs: 0 });
    const running = worker.start();
    const result = task.run({});
    await begun;
    for (const stream of fixture.engine.workers) stream.command(helve.Command.COMMAND_DRAIN);
    await expect.poll(() => frames().some((frame) => frame.draining)).toBe(true);
    finish();
    await running;
    await result;
  });

  test("does not leave before what it told is durable", async () => {
    const { task, begun, finish } = heldTask();
    fixture.engine.workerControls.holdsAcknowledgements = true;
    const worker = await fixture.worker({ workflows: [task], gracePeriodMs: 60_000 });
    await task.runNoWait({});
    await begun;
    finish();
    await expect.poll(() => outcomes()).toContain(OUTCOME_SUCCEEDED);
    let hasStopped = false;
    const stopped = worker.stop().then(() => {
      hasStopped = true;
    });
    await expect.poll(() => frames().some((frame) => frame.draining)).toBe(true);
    expect(hasStopped).toBe(false);
    for (const stream of fixture.engine.workers) stream.acknowledge();
    await stopped;
  });
});

test("a worker knows when it is paused", async () => {
  const { task } = heldTask();
  const worker = await fixture.worker({ workflows: [task] });
  for (const stream of fixture.engine.workers) stream.command(helve.Command.COMMAND_PAUSE);
  await expect.poll(() => worker.isPaused()).toBe(true);
  for (const stream of fixture.engine.workers) stream.command(helve.Command.COMMAND_RESUME);
  await expect.poll(() => worker.isPaused()).toBe(false);
});

test("workflows are to be registered before the worker starts", async () => {
  const { task } = heldTask();
  const worker = await fixture.worker({ workflows: [task] });
  await expect(worker.registerWorkflows([task])).rejects.toMatchObject({ code: "failed_precondition" });
});

test("two tasks with one name are refused", async () => {
  const one = fixture.client.task({ name: "same", fn: () => ({}) });
  const other = fixture.client.task({ name: "Same", fn: () => ({}) });
  await expect(fixture.client.worker("w", { workflows: [one, other] })).rejects.toMatchObject({
    code: "already_exists",
  });
});

test("options that make no sense are refused", async () => {
  await expect(fixture.client.worker("w", 0)).rejects.toThrow("slots of a worker is 0");
  await expect(fixture.client.worker("w", { gracePeriodMs: -1 })).rejects.toThrow("gracePeriodMs");
});

test("programs in the older form run as they are", async () => {
  const workflow: LegacyWorkflow = {
    id: "legacy",
    description: "test",
    on: { event: "user:create" },
    steps: [
      { name: "step1", run: async (ctx) => ({ doubled: ctx.workflowInput().n * 2 }) },
      {
        name: "step2",
        parents: ["step1"],
        run: (ctx) => ({ got: ctx.stepOutput("step1").doubled, name: ctx.stepName() }),
      },
    ],
  };
  const worker = await fixture.client.worker("test-worker", { maxRuns: 4, handleKill: false });
  await worker.registerWorkflow(workflow);
  void worker.start();
  const ref = await fixture.client.admin.runWorkflow("legacy", { n: 4 });
  expect(await ref.result()).toEqual({ step1: { doubled: 8 }, step2: { got: 8, name: "step2" } });
  expect(await fixture.client.run(workflow, { n: 1 })).toMatchObject({ step2: { got: 2 } });
  expect(frames()[0]?.register?.slots).toEqual({ default: 4 });
  await worker.stop();
});

describe("a worker that is told by a signal", () => {
  const program = fileURLToPath(new URL("../loopback-engine/worker-program.ts", import.meta.url));
  let child: ChildProcess | undefined;

  afterEach(() => child?.kill("SIGKILL"));

  function start(graceMs: number, taskMs: number): { said: string[]; exited: Promise<unknown[]> } {
    const env = { ...process.env, HATCHET_CLIENT_TOKEN: fixture.engine.token, HATCHET_CLIENT_TLS_STRATEGY: "none" };
    const args = ["--conditions=source", "--import", "tsx", program, String(graceMs), String(taskMs)];
    child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
    const said: string[] = [];
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => said.push(line));
    return { said, exited: once(child, "exit") };
  }

  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s lets its task end and exits with 0",
    async (signal) => {
      const { said, exited } = start(20_000, 300);
      await expect.poll(() => said, { timeout: 20_000 }).toContain("ready");
      const result = fixture.client.run("slow", {});
      await expect.poll(() => said).toContain("started");
      child?.kill(signal);
      expect(await exited).toEqual([0, null]);
      expect(await result).toEqual({ slow: { done: true } });
      expect(said).toEqual(["ready", "started", "ended", "stopped"]);
    },
    30_000,
  );

  test("what takes longer than the grace period is given back", async () => {
    const { said, exited } = start(100, 60_000);
    await expect.poll(() => said, { timeout: 20_000 }).toContain("ready");
    const ref = await fixture.client.runNoWait("slow", {});
    await expect.poll(() => said).toContain("started");
    child?.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    expect(outcomes()).toContain(OUTCOME_RETURNED);
    expect(await fixture.client.runs.get_status(ref)).toBe("RUNNING");
  }, 30_000);

  test("a second signal ends it at once", async () => {
    const { said, exited } = start(60_000, 60_000);
    await expect.poll(() => said, { timeout: 20_000 }).toContain("ready");
    await fixture.client.runNoWait("slow", {});
    await expect.poll(() => said).toContain("started");
    child?.kill("SIGTERM");
    await expect.poll(() => frames().some((frame) => frame.draining)).toBe(true);
    child?.kill("SIGTERM");
    expect(await exited).toEqual([143, null]);
  }, 30_000);
});
