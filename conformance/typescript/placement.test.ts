import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { type Client, TYPESCRIPT } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import type { Loose } from "../support/loose.ts";
import { Stage, type WorkerProgram } from "../support/stage.ts";

const program = fileURLToPath(new URL("../clients/typescript/placement-worker.ts", import.meta.url));
const CLIENT: Client = {
  ...TYPESCRIPT,
  tag: "tspl",
  worker: { command: process.execPath, args: ["--import", "tsx", program] },
};

/** Where a run went, by the name of the worker. */
async function placed(stage: Stage, base: string, options: Record<string, unknown> = {}): Promise<string> {
  const run = await stage.caller.call<string>("start", { workflow: stage.workflow(base), input: {}, options });
  return (await stage.caller.result(run))[base].by;
}

describe(`${CLIENT.title}: labels`, () => {
  let stage: Stage;
  let plain: WorkerProgram;
  let gpu: WorkerProgram;
  beforeAll(async () => {
    stage = await Stage.open(CLIENT, inject("engine"));
    plain = await stage.worker("plain", { labels: { gpu: "none", memory: 512 } });
  });

  test("a required label that no worker has: the run waits, says why, and starts when such a worker comes", async () => {
    const run = await stage.caller.start(stage.workflow("needs-gpu"), {});
    const event = await stage.rest.taskEvent(run, "REQUEUED_NO_WORKER");
    expect(event.message).toContain('gpu = "h" (required)');
    expect(event.message).toContain(`${plain.name} has gpu = "none"`);
    expect(await stage.rest.status(run)).toBe("QUEUED");
    gpu = await stage.worker("gpu", { labels: { gpu: "h", memory: 512 } });
    expect(await stage.caller.result(run)).toEqual({
      "needs-gpu": { by: gpu.name, labels: { gpu: "h", memory: 512 } },
    });
    expect(plain.said("start", run)).toEqual([]);
  });

  test("goes to nobody else while both are free", async () => {
    for (let run = 0; run < 4; run++) expect(await placed(stage, "needs-gpu")).toBe(gpu.name);
  });

  test("labels given with a run replace those of the task", async () => {
    const desiredWorkerLabels = { gpu: { value: "none", required: true } };
    for (let run = 0; run < 3; run++) {
      expect(await placed(stage, "needs-gpu", { desiredWorkerLabels })).toBe(plain.name);
    }
  });

  test("the higher sum of weights goes first, also when the labels change at run time", async () => {
    for (let run = 0; run < 3; run++) expect(await placed(stage, "prefers")).toBe(plain.name);
    const desiredWorkerLabels = { gpu: { value: "h", required: true } };
    const relabel = { workflow: stage.workflow("relabel"), options: { desiredWorkerLabels } };
    await stage.caller.call("run", { ...relabel, input: { labels: { rank: 1 } } });
    // The client does not wait for the answer to this call.
    await eventually("labels in effect", 2_000, async () => (await placed(stage, "prefers")) === gpu.name || undefined);
    for (let run = 0; run < 3; run++) expect(await placed(stage, "prefers")).toBe(gpu.name);
  });

  test("a label that no worker ever has: the run ends with its schedule timeout", async () => {
    const startedAt = Date.now();
    const run = await stage.caller.start(stage.workflow("lonely"), {});
    await expect(stage.caller.result(run)).rejects.toThrow(/schedule timeout/);
    expect(Date.now() - startedAt).toBeGreaterThan(2_900);
    expect(Date.now() - startedAt).toBeLessThan(4_500);
    const types = (await stage.rest.taskEvents(run)).map((event) => event.type);
    expect(types).toEqual(expect.arrayContaining(["REQUEUED_NO_WORKER", "SCHEDULING_TIMED_OUT"]));
  });
});

describe(`${CLIENT.title}: sticky`, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open(CLIENT, inject("engine"));
    await stage.worker("one");
    await stage.worker("two");
  });

  test("soft and hard children run on their parent's worker, whichever it is", async () => {
    const used = new Set<string>();
    for (let run = 0; run < 6; run++) {
      const { parent } = await stage.caller.run(stage.workflow("parent"), {});
      expect(parent).toEqual({ by: parent.by, soft: parent.by, hard: parent.by });
      used.add(parent.by);
    }
    expect(used.size).toBe(2);
  });

  test("the tasks of a DAG run on one worker, and runs take turns", async () => {
    const used = new Set<string>();
    for (let run = 0; run < 6; run++) {
      const result = await stage.caller.run(stage.workflow("chain"), {});
      const workers = Object.values(result).map((task: Loose) => task.by);
      expect(workers).toEqual([workers[0], workers[0], workers[0]]);
      used.add(workers[0]);
    }
    expect(used.size).toBe(2);
  });
});

describe(`${CLIENT.title}: sticky, on workers of one slot`, () => {
  test("a soft child goes elsewhere when its parent keeps the slot, a hard one waits for it", async () => {
    const stage = await Stage.open(CLIENT, inject("engine"));
    const workers = [await stage.worker("one", { slots: 1 }), await stage.worker("two", { slots: 1 })];
    const run = await stage.caller.start(stage.workflow("tight"), { ms: 1_500 });
    const { tight } = await stage.caller.result(run);
    const names = workers.map((worker) => worker.name);
    expect([tight.by, tight.soft].sort()).toEqual([...names].sort());
    const mine = workers.find((worker) => worker.name === tight.by) as WorkerProgram;
    const [ended, started] = await Promise.all([mine.says("end", run), mine.says("start", tight.child)]);
    expect(started.at).toBeGreaterThanOrEqual(ended.at);
    expect(await stage.caller.result(tight.child)).toMatchObject({ hard: { by: tight.by } });
  });
});
