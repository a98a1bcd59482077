import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";

let cluster: TestCluster;
let helve: TestEngine;

beforeAll(async () => {
  cluster = await testCluster();
  helve = await cluster.start();
});
afterAll(() => cluster.end());

async function simple(name: string, options: object = {}): Promise<void> {
  await helve.put({ name, tasks: [{ readableId: name, action: `${name}:run`, ...options }] });
}

test("a task is handed to a free worker and its output reaches who waits", async () => {
  await simple("plain");
  const worker = await helve.worker({ actions: ["plain:run"] });
  const runId = await helve.run("plain", { input: '{"n": 12345678901234567890}' });
  const task = await worker.next();
  expect(task).toMatchObject({ id: runId, runId, attempt: 1, input: '{"n": 12345678901234567890}', parents: "{}" });
  const result = helve.ended(runId);
  expect(await worker.succeed(task, '{"b":1, "a":1.0}')).toBe("accepted");
  expect(await result).toEqual({
    runId,
    status: "succeeded",
    tasks: [{ taskId: runId, taskName: "plain", status: "succeeded", output: '{"b":1, "a":1.0}', error: undefined }],
  });
});

test("a run that has ended is told at once to who asks later", async () => {
  await simple("early");
  const worker = await helve.worker({ actions: ["early:run"] });
  const runId = await helve.run("early");
  await worker.succeed(await worker.next());
  expect(await helve.ended(runId)).toMatchObject({ status: "succeeded" });
});

test("an unknown workflow refuses the whole call and stores nothing", async () => {
  await simple("known");
  const requests = ["known", "unknown"].map((workflow) => ({ workflow, input: "{}", metadata: "" }));
  await expect(helve.engine.triggerRuns(helve.tenantId, requests)).rejects.toThrow("workflow names not found: unknown");
  const rows = await helve.query(
    "select from task_run t join route r on r.id = t.route_id where r.action = 'known:run'",
  );
  expect(rows).toEqual([]);
});

test("waiting tasks are served by priority, then by age", async () => {
  await simple("order");
  const first = await helve.run("order", { priority: 1 });
  const second = await helve.run("order", { priority: 1 });
  const urgent = await helve.run("order", { priority: 3 });
  const worker = await helve.worker({ actions: ["order:run"], slots: 1 });
  const served: string[] = [];
  for (let i = 0; i < 3; i++) {
    const task = await worker.next();
    served.push(task.id);
    await worker.succeed(task);
  }
  expect(served).toEqual([urgent, first, second]);
});

test("a worker never has more tasks than slots", async () => {
  await simple("slots");
  const worker = await helve.worker({ actions: ["slots:run"], slots: 3 });
  const requests = Array.from({ length: 20 }, () => ({ workflow: "slots", input: "{}", metadata: "" }));
  const runs = await helve.engine.triggerRuns(helve.tenantId, requests);
  let done = 0;
  while (done < runs.length) {
    const task = await worker.next();
    expect(worker.sent.length - done).toBeLessThanOrEqual(3);
    await worker.succeed(task);
    done++;
  }
});

test("a failed task runs again until its retries are used up", async () => {
  await simple("retry", { retries: 2 });
  const worker = await helve.worker({ actions: ["retry:run"] });
  const runId = await helve.run("retry");
  for (const attempt of [1, 2, 3]) {
    const task = await worker.next();
    expect(task.attempt).toBe(attempt);
    await worker.fail(task, `failure ${attempt}`);
  }
  expect(await helve.ended(runId)).toMatchObject({ status: "failed", tasks: [{ error: "failure 3" }] });
});

test("an error that is not worth retrying ends the task", async () => {
  await simple("final", { retries: 5 });
  const worker = await helve.worker({ actions: ["final:run"] });
  const runId = await helve.run("final");
  await worker.fail(await worker.next(), "no use", false);
  expect(await helve.ended(runId)).toMatchObject({ status: "failed", tasks: [{ error: "no use" }] });
});

test("a retry with back-off starts when it is due, not earlier and within 50 ms", async () => {
  await simple("backoff", { retries: 1, backoffFactor: 1, backoffMaxSeconds: 1 });
  const worker = await helve.worker({ actions: ["backoff:run"] });
  await helve.run("backoff");
  await worker.fail(await worker.next());
  const failedAt = performance.now();
  const task = await worker.next();
  const [row] = await helve.query<{ late: number }>(
    "select extract(epoch from assigned_at - lag_at) * 1000 as late from task_run t, lateral (select max(at) as lag_at from task_event where task_id = t.id and kind = 'failed') e where id = $1",
    [task.id],
  );
  expect(Number(row?.late)).toBeGreaterThanOrEqual(1000);
  expect(performance.now() - failedAt).toBeLessThan(2000);
  expect(task.attempt).toBe(2);
  await worker.succeed(task);
});

test("a retried task goes before everybody who waits", async () => {
  await simple("rank", { retries: 1 });
  const worker = await helve.worker({ actions: ["rank:run"], slots: 1 });
  const first = await helve.run("rank", { priority: 1 });
  const task = await worker.next();
  const urgent = await helve.run("rank", { priority: 3 });
  await worker.fail(task);
  expect((await worker.next()).id).toBe(first);
  await worker.succeed(worker.sent[1] as never);
  const last = await worker.next();
  expect(last.id).toBe(urgent);
  await worker.succeed(last);
});

test("a report under an attempt that is over changes nothing and is put on record", async () => {
  await simple("late", { retries: 1 });
  const worker = await helve.worker({ actions: ["late:run"] });
  const runId = await helve.run("late");
  const first = await worker.next();
  await worker.fail(first);
  const second = await worker.next();
  expect(await worker.succeed(first)).toBe("late");
  expect(await worker.succeed(second, '"second"')).toBe("accepted");
  expect(await worker.succeed(second, '"second"'), "a repetition").toBe("accepted");
  expect(await helve.ended(runId)).toMatchObject({ tasks: [{ output: '"second"' }] });
  expect(await helve.events(runId)).toContain("late_report 1");
});

test("a report about a task that does not exist is told apart", async () => {
  const report = {
    taskId: "01900000-0000-7000-8000-000000000000",
    attempt: 1,
    outcome: "succeeded" as const,
    output: "",
  };
  expect(await helve.engine.report(helve.tenantId, [report])).toEqual(["unknown"]);
});

test("statements and commits per task do not grow: a batch of 500 costs what one costs", async () => {
  await simple("cost");
  const worker = await helve.worker({ actions: ["cost:run"], slots: 500 });
  const before = { ...helve.db.counters };
  const requests = Array.from({ length: 500 }, () => ({ workflow: "cost", input: "{}", metadata: "" }));
  await helve.engine.triggerRuns(helve.tenantId, requests);
  const tasks = await Promise.all(requests.map(() => worker.next()));
  const reports = tasks.map(({ id, attempt }) => ({ taskId: id, attempt, outcome: "succeeded" as const, output: "" }));
  await helve.engine.report(helve.tenantId, reports);
  // One to store, one to finish, and claims of a third of the slots while the line is not known to be empty. The lease may be
  // renewed meanwhile, and other things of each ten seconds come on a slow machine.
  expect(helve.db.counters.statements - before.statements).toBeLessThanOrEqual(12);
});
