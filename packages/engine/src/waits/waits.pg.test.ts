import { newId, type TaskRegistration, taskIdOf, type WorkflowRegistration } from "@helve/core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { WaitReason } from "../index.ts";
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

const why = async (taskId: string) =>
  (await helve.engine.whyWaiting(helve.tenantId, [taskId])).get(taskId) as WaitReason[];
const rules = (reasons: readonly WaitReason[]) => reasons.map(({ rule }) => rule);

/** What is on record of a task that nobody takes, once there is so much. */
function onRecord(taskId: string, count: number): Promise<string[]> {
  return vi.waitFor(
    async () => {
      const rows = await helve.query<{ message: string }>(
        "select message from task_event where task_id = $1 and kind = 'requeued_no_worker' and attempt = 1 order by id",
        [taskId],
      );
      expect(rows).toHaveLength(count);
      return rows.map(({ message }) => message);
    },
    { timeout: 8000 },
  );
}

describe.concurrent("a task that nobody can take", () => {
  test("says that no worker has its action, and this is put on record once", async () => {
    await simple("orphan");
    const runId = await helve.run("orphan");
    const [reason] = await why(runId);
    expect(reason).toMatchObject({
      rule: "action",
      message: "no connected worker has registered its action orphan:run",
    });
    expect(reason?.deadlineMs).toBeGreaterThan(Date.now() + 290_000);
    const message = "No worker can take it: no connected worker has registered its action orphan:run.";
    expect(await onRecord(runId, 1)).toEqual([message]);
    const second = await helve.run("orphan");
    expect(await onRecord(second, 1)).toEqual([message]);
    expect(await onRecord(runId, 1), "the line was looked at again").toEqual([message]);
  });

  test("names the labels and the workers that do not meet them; another cause is another record", async () => {
    const actions = await simple("labelled", { workerLabels: { gpu: { strValue: "h", required: true } } });
    const plain = await helve.worker({ actions, name: "plain", labels: { gpu: "none" } });
    await helve.worker({ actions, name: "bare" });
    const runId = await helve.run("labelled");
    expect(await why(runId)).toMatchObject([
      {
        rule: "labels",
        workers: [{ workerId: plain.id, name: "plain", detail: 'has gpu = "none"' }, { name: "bare" }],
      },
    ]);
    const cause = 'workers with its action do not meet the labels it asks for: gpu = "h" (required)';
    expect(await onRecord(runId, 1)).toEqual([
      `No worker can take it: ${cause}. plain has gpu = "none"; bare has no label gpu.`,
    ]);
    const fit = await helve.worker({ actions, name: "fit", labels: { gpu: "h" }, slots: 1 });
    await fit.next();
    const waiting = await helve.run("labelled");
    await helve.engine.setWorkerPaused(helve.tenantId, fit.id, true);
    expect(rules(await why(waiting))).toEqual(["not_accepting", "labels"]);
    fit.die();
    expect((await onRecord(waiting, 1))[0]).toMatch(/^No worker can take it: .*gpu = "h"/);
  });

  test("names the worker that it belongs to", async () => {
    const actions = await simple("stuck", {}, { sticky: "HARD" });
    await helve.worker({ actions });
    const gone = newId();
    const runId = await helve.run("stuck", { desiredWorkerId: gone });
    const message = `it belongs to worker ${gone} alone, which is not connected`;
    expect(await why(runId)).toMatchObject([{ rule: "sticky", message }]);
    expect(await onRecord(runId, 1)).toEqual([`No worker can take it: ${message}.`]);
  });

  test("is put on record in a long line too, a part at a time", async () => {
    await simple("long");
    const requests = Array.from({ length: 600 }, () => ({ workflow: "long", input: "{}", metadata: "" }));
    const ids = await helve.engine.triggerRuns(helve.tenantId, requests);
    for (const id of [ids[0], ids[599]]) await onRecord(id as string, 1);
    const [row] = await helve.query<{ count: number }>(
      "select count(*)::int from task_event where kind = 'requeued_no_worker' and task_id = any($1::uuid[])",
      [ids],
    );
    expect(row?.count).toBe(600);
    await helve.engine.cancel(helve.tenantId, ids, "enough");
  });
});

describe.concurrent("a task that waits its turn", () => {
  test("says who holds the slots and how many stand before it, and nothing is put on record", async () => {
    const actions = await simple("busy");
    const worker = await helve.worker({ actions, name: "only", slots: 1 });
    const first = await helve.run("busy");
    const task = await worker.next();
    const [second, third] = [await helve.run("busy"), await helve.run("busy")];
    expect(await why(first)).toEqual([]);
    expect(await why(second)).toMatchObject([
      {
        rule: "busy",
        workers: [{ name: "only", detail: "has 1 of 1 default slots in use" }],
        tasks: [{ taskId: first, detail: "busy runs on only" }],
      },
    ]);
    expect(await why(third)).toMatchObject([{ rule: "busy" }, { rule: "line", message: /^1 task stands before it/ }]);
    await worker.started(task);
    await helve.engine.cancel(helve.tenantId, [first], "enough");
    expect(await why(second)).toMatchObject([
      { tasks: [{ detail: /was stopped on only, and its code has not ended/ }] },
    ]);
    await helve.engine.cancel(helve.tenantId, [second, third], "enough");
    expect(await why(second)).toEqual([]);
    expect(await onRecord(second, 0)).toEqual([]);
  });

  test("names the parents that it waits for, and that an on-failure task waits for a failure", async () => {
    const task = (id: string, parents: string[] = []) => ({ readableId: id, action: `family:${id}`, parents });
    const onFailureTask = { readableId: "hook", action: "family:hook" };
    await helve.put({ name: "family", tasks: [task("a"), task("b"), task("c", ["a", "b"])], onFailureTask });
    const worker = await helve.worker({ actions: ["family:a"] });
    const runId = await helve.run("family");
    const id = (number: number) => taskIdOf(runId, number);
    await worker.next();
    const waits = { rule: "parents", message: "tasks that it depends on have not ended: a is assigned, b is queued" };
    expect(await why(id(3))).toMatchObject([{ ...waits, tasks: [{ taskId: id(1) }, { taskId: id(2) }] }]);
    expect(rules(await why(id(4)))).toEqual(["no_failure"]);
    expect(rules(await why(id(2)))).toEqual(["action"]);
  });

  test("says how long its back-off lasts", async () => {
    const actions = await simple("pause", { retries: 1, backoffFactor: 30, backoffMaxSeconds: 60 });
    const worker = await helve.worker({ actions });
    const runId = await helve.run("pause");
    await worker.fail(await worker.next());
    const [reason] = await why(runId);
    expect(reason?.rule).toBe("back_off");
    expect((reason?.deadlineMs ?? 0) - Date.now()).toBeGreaterThan(15_000);
  });

  test("is told of beside others, in the order asked", async () => {
    const actions = await simple("one-of-many");
    const worker = await helve.worker({ actions });
    const ended = await helve.run("one-of-many");
    await worker.succeed(await worker.next());
    await helve.ended(ended);
    const task = (id: string, parents: string[] = []) => ({ readableId: id, action: `many:${id}`, parents });
    await helve.put({ name: "many", tasks: [task("a"), task("b", ["a"]), task("c", ["a", "b"])] });
    const [first, second] = [await helve.run("many"), await helve.run("many")];
    const ids = [taskIdOf(second, 3), ended, taskIdOf(first, 1), taskIdOf(second, 1), taskIdOf(first, 2)];
    const reasons = await helve.engine.whyWaiting(helve.tenantId, ids);
    expect([...reasons.keys()]).toEqual(ids);
    expect([...reasons.values()].map(rules)).toEqual([["parents"], [], ["action"], ["action", "line"], ["parents"]]);
    const held = (id: string) => reasons.get(id)?.[0]?.tasks.map(({ taskId }) => taskId);
    expect(held(taskIdOf(second, 3))).toEqual([taskIdOf(second, 1), taskIdOf(second, 2)]);
    expect(held(taskIdOf(first, 2))).toEqual([taskIdOf(first, 1)]);
    const asked = helve.engine.whyWaiting(helve.tenantId, [...ids, newId()]);
    await expect(asked).rejects.toMatchObject({ code: "not_found" });
  });

  test("is not known when it is not there", async () => {
    await expect(why(newId())).rejects.toMatchObject({ code: "not_found" });
    await simple("foreign");
    const runId = await helve.run("foreign");
    await expect(helve.engine.whyWaiting(newId(), [runId])).rejects.toMatchObject({ code: "not_found" });
  });
});
