import { type DesiredLabel, taskIdOf } from "@helve/core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";

let cluster: TestCluster;
let a: TestEngine;
let b: TestEngine;

beforeAll(async () => {
  cluster = await testCluster();
  a = await cluster.start();
  b = await cluster.start();
  await a.put({ name: "work", tasks: [{ readableId: "work", action: "work:run" }] });
});
afterAll(() => cluster.end());

const zone = (value: string): DesiredLabel[] => [
  { key: "zone", value, required: true, comparator: "equal", weight: 100 },
];

test("a line that one replica made for a run is served by the worker of another", async () => {
  const other = await a.worker({ actions: ["work:run"] });
  const fit = await b.worker({ actions: ["work:run"], labels: { zone: "b" } });
  const runId = await a.run("work", { desiredLabels: zone("b") });
  const task = await fit.next();
  expect(task.id).toBe(runId);
  await fit.succeed(task);
  expect(await a.ended(runId)).toMatchObject({ status: "succeeded" });
  expect(other.sent).toEqual([]);
  other.die();
  fit.die();
});

test("a line that nobody told of is found by the sweep", async () => {
  const fit = await b.worker({ actions: ["work:run"], labels: { zone: "lost" } });
  await a.query(
    `with made as (
       insert into route (tenant_id, action, slots, placement, expires_at)
       select tenant_id, action, slots, $1, now() + interval '1 day' from route where placement = '' limit 1
       returning id, tenant_id)
     insert into task_run (id, tenant_id, version_id, route_id, status, priority, rank, schedule_timeout_ms,
       execution_timeout_ms, created_at, queued_at, deadline_at, input, metadata)
     select '01900000-0000-7000-8000-000000010000', made.tenant_id, v.id, made.id, 'queued', 1, 3, 60000, 60000,
            now(), now(), now() + interval '1 minute', '{}', '{}' from made, workflow_version v limit 1`,
    [JSON.stringify({ labels: zone("lost") })],
  );
  expect((await fit.next()).id).toBe("01900000-0000-7000-8000-000000010000");
  fit.die();
}, 15_000);

test("labels that a worker changes through another replica count at its own", async () => {
  const worker = await b.worker({ actions: ["work:run"], labels: { zone: "a" } });
  const runId = await a.run("work", { desiredLabels: zone("c") });
  await a.engine.upsertWorkerLabels(a.tenantId, worker.id, { zone: "c" });
  expect((await worker.next()).id).toBe(runId);
  worker.die();
});

test("a sticky task goes back to the replica of its parent's worker", async () => {
  const task = (id: string, parents: string[] = []) => ({ readableId: id, action: `pair:${id}`, parents });
  await a.put({ name: "pair", tasks: [task("one"), task("two", ["one"])], sticky: "HARD" });
  const away = await a.worker({ actions: ["pair:two"] });
  const worker = await b.worker({ actions: ["pair:one", "pair:two"] });
  const runId = await a.run("pair");
  const one = await worker.next();
  // Its report comes to the other replica.
  await a.engine.report(a.tenantId, [{ taskId: one.id, attempt: 1, outcome: "succeeded", output: "{}" }]);
  expect((await worker.next()).id).toBe(taskIdOf(runId, 2));
  expect(away.sent).toEqual([]);
  away.die();
  worker.die();
});

test("a task that waits tells of workers at other replicas, and is on record once", async () => {
  const gpu = { gpu: { strValue: "h", required: true } };
  await a.put({ name: "gpu", tasks: [{ readableId: "gpu", action: "gpu:run", workerLabels: gpu }] });
  const here = await a.worker({ actions: ["gpu:run"], name: "here", labels: { gpu: "a" } });
  const there = await b.worker({ actions: ["gpu:run"], name: "there" });
  const runId = await a.run("gpu");
  const why = async (id: string) => (await a.engine.whyWaiting(a.tenantId, [id])).get(id) ?? [];
  const [reason] = await why(runId);
  expect(reason).toMatchObject({
    rule: "labels",
    workers: [
      { workerId: here.id, name: "here", detail: 'has gpu = "a"' },
      { workerId: there.id, name: "there", detail: "has no label gpu" },
    ],
  });
  await vi.waitFor(async () => expect(await a.events(runId)).toEqual(["requeued_no_worker 1"]), { timeout: 5000 });
  const fit = await b.worker({ actions: ["gpu:run"], name: "fit", slots: 1, labels: { gpu: "h" } });
  await fit.next();
  const second = await a.run("gpu");
  expect((await why(second)).map(({ rule }) => rule)).toEqual(["busy", "labels"]);
  await a.engine.cancel(a.tenantId, [second], "enough");
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(await a.events(second), "a worker elsewhere can take it").toEqual(["cancelled 1"]);
  for (const worker of [here, there, fit]) worker.die();
});
