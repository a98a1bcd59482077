import { type DesiredLabel, newId, type TaskRegistration, taskIdOf, type WorkflowRegistration } from "@helve/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TriggerRequest } from "../index.ts";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";

let cluster: TestCluster;
let helve: TestEngine;

beforeAll(async () => {
  cluster = await testCluster();
  helve = await cluster.start();
});
afterAll(() => cluster.end());

async function simple(
  name: string,
  task: TaskRegistration = {},
  workflow: WorkflowRegistration = {},
): Promise<string[]> {
  await helve.put({ name, tasks: [{ readableId: name, action: `${name}:run`, ...task }], ...workflow });
  return [`${name}:run`];
}

const wish = (key: string, value: string | number, more: Partial<DesiredLabel> = {}): DesiredLabel => ({
  key,
  value,
  required: true,
  comparator: "equal",
  weight: 100,
  ...more,
});

/** The worker that a new run goes to. */
async function placed(workflow: string, request: Partial<TriggerRequest> = {}): Promise<string> {
  return (await helve.taken(await helve.run(workflow, request))).workerId;
}

async function placedOneByOne(count: number, workflow: string): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push(await placed(workflow));
  return ids;
}

const times = (list: readonly string[], id: string) => list.filter((one) => one === id).length;

describe.concurrent("labels", () => {
  test("a required label keeps a task from all but who has it, and it waits for such a worker", async () => {
    const actions = await simple("required", { workerLabels: { gpu: { strValue: "h", required: true } } });
    const others = [await helve.worker({ actions, labels: { gpu: "none" } }), await helve.worker({ actions })];
    const runId = await helve.run("required");
    expect(await helve.engine.getRun(helve.tenantId, runId)).toMatchObject({ status: "queued" });
    const fit = await helve.worker({ actions, labels: { gpu: "h" } });
    expect((await fit.next()).id).toBe(runId);
    expect(await placed("required")).toBe(fit.id);
    for (const other of others) expect(other.sent).toEqual([]);
  });

  test("the highest sum of weights goes first, and lower ones as soon as nobody above has room", async () => {
    const workerLabels = { gpu: { strValue: "h", weight: 50 }, memory: { intValue: 512, comparator: "GREATER_THAN" } };
    const actions = await simple("weights", { workerLabels });
    // A claim that is under way when a better worker comes knows nothing of it: the best come first.
    const high = await helve.worker({ actions, slots: 2, labels: { gpu: "a", memory: 513 } });
    const middle = await helve.worker({ actions, slots: 1, labels: { gpu: "h", memory: 512 } });
    const low = await helve.worker({ actions, slots: 1 });
    expect(await placedOneByOne(4, "weights")).toEqual([high.id, high.id, middle.id, low.id]);
    const waiting = await helve.run("weights");
    await low.succeed(await low.next());
    expect((await helve.taken(waiting)).workerId).toBe(low.id);
  });

  test("a negative sum rules a worker out", async () => {
    const actions = await simple("negative", { workerLabels: { spot: { strValue: "yes", weight: -1 } } });
    const spot = await helve.worker({ actions, labels: { spot: "yes" } });
    const runId = await helve.run("negative");
    const steady = await helve.worker({ actions });
    expect((await helve.taken(runId)).workerId).toBe(steady.id);
    expect(spot.sent).toEqual([]);
  });

  test("labels given with a run replace those of each of its tasks as a whole", async () => {
    const gpu = { gpu: { strValue: "h", required: true } };
    const task = (id: string, parents: string[]) => ({
      readableId: id,
      action: `own:${id}`,
      parents,
      workerLabels: gpu,
    });
    await helve.put({ name: "own", tasks: [task("a", []), task("b", ["a"])] });
    const actions = ["own:a", "own:b"];
    const zone = await helve.worker({ actions, labels: { zone: "b" } });
    const fit = await helve.worker({ actions, labels: { gpu: "h" } });
    const runId = await helve.run("own", { desiredLabels: [wish("zone", "b")] });
    await zone.succeed(await zone.next());
    await zone.succeed(await zone.next());
    expect(await helve.ended(runId)).toMatchObject({ status: "succeeded" });
    const own = await helve.taken(taskIdOf(await helve.run("own", { desiredLabels: [] }), 1));
    expect(own.workerId).toBe(fit.id);
  });

  test("changed labels count for the next task and for those that wait", async () => {
    const actions = await simple("relabel", { workerLabels: { zone: { strValue: "b", required: true } } });
    const worker = await helve.worker({ actions, labels: { zone: "a", keep: 1 } });
    const waiting = await helve.run("relabel");
    await helve.engine.upsertWorkerLabels(helve.tenantId, worker.id, { zone: "b" });
    expect((await helve.taken(waiting)).workerId).toBe(worker.id);
    await helve.engine.upsertWorkerLabels(helve.tenantId, worker.id, { zone: "c" });
    const runId = await helve.run("relabel");
    const other = await helve.worker({ actions, labels: { zone: "b" } });
    expect((await helve.taken(runId)).workerId).toBe(other.id);
    const [row] = await helve.query("select labels from worker where id = $1", [worker.id]);
    expect(row).toEqual({ labels: { zone: "c", keep: 1 } });
  });

  test("a replayed run asks for the labels that it was started with", async () => {
    const actions = await simple("replayed");
    const zone = await helve.worker({ actions, labels: { zone: "b" } });
    const others = [await helve.worker({ actions }), await helve.worker({ actions })];
    const runId = await helve.run("replayed", { desiredLabels: [wish("zone", "b")] });
    const ended = helve.ended(runId);
    await zone.fail(await zone.next(), "boom", false);
    await ended;
    for (let attempt = 2; attempt < 5; attempt++) {
      const again = helve.ended(runId);
      await helve.engine.replay(helve.tenantId, [runId]);
      const task = await zone.next();
      expect(task).toMatchObject({ id: runId, attempt });
      await zone.succeed(task);
      await again;
    }
    for (const other of others) expect(other.sent).toEqual([]);
  });
});

describe.concurrent("equal workers", () => {
  test("take turns, on plain lines and within a rank", async () => {
    const plain = await simple("turns");
    const ranked = await simple("ranked", { workerLabels: { zone: { strValue: "b" } } });
    const options = { actions: [...plain, ...ranked], labels: { zone: "b" } };
    const workers = [await helve.worker(options), await helve.worker(options), await helve.worker(options)];
    await helve.worker({ actions: ranked });
    for (const workflow of ["turns", "ranked"]) {
      const ids = await placedOneByOne(9, workflow);
      expect(workers.map((worker) => times(ids, worker.id))).toEqual([3, 3, 3]);
    }
  });

  test("share the first tasks of many lines", async () => {
    const actions = await simple("many");
    const workers = [await helve.worker({ actions, slots: 50 }), await helve.worker({ actions, slots: 50 })];
    const ids: string[] = [];
    for (let n = 0; n < 20; n++) ids.push(await placed("many", { desiredLabels: [wish("n", n, { required: false })] }));
    for (const worker of workers) expect(times(ids, worker.id)).toBeGreaterThanOrEqual(4);
  });
});

describe.concurrent("sticky", () => {
  test("soft: the desired worker while it has room, then any", async () => {
    const actions = await simple("soft", {}, { sticky: "SOFT" });
    const [one, two] = [await helve.worker({ actions, slots: 2 }), await helve.worker({ actions, slots: 2 })];
    const desired = { desiredWorkerId: two.id.toUpperCase() };
    const ids = [await placed("soft", desired), await placed("soft", desired), await placed("soft", desired)];
    expect(ids).toEqual([two.id, two.id, one.id]);
  });

  test("hard: the desired worker alone, even while others are free, until the schedule timeout when it is gone", async () => {
    const actions = await simple("hard", { scheduleTimeout: "1s" }, { sticky: "HARD" });
    const [mine, other] = [await helve.worker({ actions, slots: 1 }), await helve.worker({ actions })];
    const first = await helve.taken(await helve.run("hard", { desiredWorkerId: mine.id }));
    const waiting = await helve.run("hard", { desiredWorkerId: mine.id });
    await mine.succeed(first);
    const second = await helve.taken(waiting);
    expect([first.workerId, second.workerId]).toEqual([mine.id, mine.id]);
    await mine.succeed(second);
    mine.die();
    const lost = await helve.run("hard", { desiredWorkerId: mine.id });
    expect(await helve.ended(lost)).toMatchObject({ status: "failed", tasks: [{ error: /schedule timeout/ }] });
    expect(await helve.events(lost)).toContain("scheduling_timed_out 1");
    expect(other.sent).toEqual([]);
  });

  test("without a desired worker any takes it, and labels have no effect either way", async () => {
    const workerLabels = { gpu: { strValue: "h", required: true } };
    const actions = await simple("unlabelled", { workerLabels }, { sticky: "HARD" });
    const worker = await helve.worker({ actions });
    expect(await placed("unlabelled")).toBe(worker.id);
    expect(await placed("unlabelled", { desiredLabels: [wish("zone", "x")] })).toBe(worker.id);
    const desired = { desiredWorkerId: worker.id, desiredLabels: [wish("zone", "x")] };
    expect(await placed("unlabelled", desired)).toBe(worker.id);
  });

  test("a desired worker has no effect in a workflow that is not sticky", async () => {
    const actions = await simple("loose");
    const worker = await helve.worker({ actions });
    expect(await placed("loose", { desiredWorkerId: newId() })).toBe(worker.id);
    await expect(helve.run("loose", { desiredWorkerId: "abc" })).rejects.toMatchObject({ code: "invalid_argument" });
  });

  test.each(["SOFT", "HARD"])("a task of a DAG runs where its parents ran: %s", async (sticky) => {
    const name = `dag-${sticky.toLowerCase()}`;
    const task = (id: string, parents: string[] = []) => ({ readableId: id, action: `${name}:${id}`, parents });
    await helve.put({ name, tasks: [task("a"), task("b", ["a"]), task("c", ["b"])], sticky });
    const actions = ["a", "b", "c"].map((id) => `${name}:${id}`);
    const workers = [await helve.worker({ actions }), await helve.worker({ actions }), await helve.worker({ actions })];
    const used = new Set<string>();
    for (let run = 0; run < 6; run++) {
      const runId = await helve.run(name);
      const at: string[] = [];
      for (const number of [1, 2, 3]) {
        const taken = await helve.taken(taskIdOf(runId, number));
        at.push(taken.workerId);
        await workers.find((worker) => worker.id === taken.workerId)?.succeed(taken);
      }
      expect(new Set(at).size).toBe(1);
      used.add(at[0] as string);
    }
    expect(used.size).toBe(3);
  });

  test("soft in a DAG: another worker takes the task when the parent's has no room", async () => {
    const task = (id: string, parents: string[] = []) => ({ readableId: id, action: `full:${id}`, parents });
    await helve.put({ name: "full", tasks: [task("a"), task("b", ["a"]), task("c", ["a"])], sticky: "SOFT" });
    const actions = ["full:a", "full:b", "full:c"];
    const parent = await helve.worker({ actions, slots: 1 });
    const runId = await helve.run("full");
    const a = await parent.next();
    const other = await helve.worker({ actions });
    await parent.succeed(a);
    const at = await Promise.all([2, 3].map(async (number) => (await helve.taken(taskIdOf(runId, number))).workerId));
    expect(at.sort()).toEqual([parent.id, other.id].sort());
  });
});
