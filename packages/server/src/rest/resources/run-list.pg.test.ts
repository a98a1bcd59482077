import { readFile } from "node:fs/promises";
import { taskIdOf } from "@helve/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { type RestFixture, restFixture } from "../testing/rest-fixture.ts";

let rest: RestFixture;
let plain: { workflowId: string };
let ok: string;
let bad: string;
let dag: string;
let workerId: string;

beforeAll(async () => {
  rest = await restFixture();
  plain = await rest.put({ name: "plain", tasks: [{ readableId: "plain", action: "plain:run" }] });
  const step = (readableId: string, parents: string[] = []) => ({ readableId, action: `dag:${readableId}`, parents });
  await rest.put({ name: "dag", tasks: [step("a"), step("b", ["a"]), step("c", ["a"])] });
  const worker = await rest.worker(["plain:run", "dag:a"]);
  workerId = worker.id;
  ok = await rest.run("plain", { input: '{"n":1}', metadata: '{"env":"test","url":"http://x"}' });
  await worker.succeed(await worker.next());
  bad = await rest.run("plain", { metadata: '{"env":"live","n":"2"}' });
  await worker.fail(await worker.next(), "broke");
  dag = await rest.run("dag", { input: '{"d":1}', metadata: '{"env":"dag"}' });
  await worker.succeed(await worker.next(), '{"a":1}');
  worker.leave();
});
afterAll(() => rest.close());

const base = () => `/api/v1/stable/tenants/${rest.tenantId}`;
async function list(query = "", onlyTasks = false) {
  const { status, body } = await rest.get(
    `${base()}/workflow-runs?since=2020-01-01&only_tasks=${onlyTasks}${query && `&${query}`}`,
  );
  expect(status).toBe(200);
  return body;
}
const ids = async (query = "", onlyTasks = false): Promise<string[]> =>
  (await list(query, onlyTasks)).rows.map((row: { taskExternalId: string }) => row.taskExternalId);

test("one row for each run, newest first, a DAG with its tasks", async () => {
  const { pagination, rows } = await list();
  expect(pagination).toEqual({ current_page: 1, next_page: 2, num_pages: 1 });
  expect(rows.map((row: { taskExternalId: string }) => row.taskExternalId)).toEqual([dag, bad, ok]);
  expect(rows[0]).toMatchObject({
    metadata: { id: dag },
    type: "DAG",
    taskId: 0,
    status: "RUNNING",
    workflowName: "dag",
    additionalMetadata: { env: "dag" },
    input: {},
    output: {},
  });
  expect(rows[0].startedAt).toBeDefined();
  expect(rows[0].children.map((child: { status: string }) => child.status)).toEqual(["QUEUED", "QUEUED", "COMPLETED"]);
  expect(rows[0].children[0]).toMatchObject({ workflowRunExternalId: dag, additionalMetadata: { env: "dag" } });
  expect(rows[1]).toMatchObject({ type: "TASK", status: "FAILED", errorMessage: "broke", attempt: 1 });
  expect(rows[1]).not.toHaveProperty("children");
});

test("one row for each task", async () => {
  const { rows } = await list("", true);
  expect(rows.map((row: { taskExternalId: string }) => row.taskExternalId)).toEqual([
    ...[3, 2, 1].map((number) => taskIdOf(dag, number)),
    bad,
    ok,
  ]);
  for (const row of rows) expect(row.type).toBe("TASK");
  expect(rows[0]).toMatchObject({ workflowRunExternalId: dag, additionalMetadata: { env: "dag" } });
});

test("payloads come when they are asked for", async () => {
  const { rows } = await list("include_payloads=true");
  expect(rows[2]).toMatchObject({ input: { input: { n: 1 } }, output: { ok: true } });
  expect(rows[0]).toMatchObject({ input: { d: 1 } });
  expect(rows[0].children[2]).toMatchObject({ output: { a: 1 }, input: { input: { d: 1 } } });
  const tasks = (await list("include_payloads=true", true)).rows;
  expect(tasks[0]).toMatchObject({ input: { input: { d: 1 }, parents: { a: { a: 1 } } } });
});

test("pages", async () => {
  const page = await list("limit=1&offset=1");
  expect(page.rows[0].taskExternalId).toBe(bad);
  expect(page.pagination).toEqual({ current_page: 2, next_page: 3, num_pages: 3 });
  const behind = await list("limit=2&offset=500");
  expect(behind.rows).toEqual([]);
  expect(behind.pagination.num_pages).toBe(2);
});

test("filters", async () => {
  expect(await ids("statuses=COMPLETED&statuses=FAILED")).toEqual([bad, ok]);
  expect(await ids("statuses=RUNNING")).toEqual([dag]);
  expect(await ids("statuses=RUNNING&running_filter=EVICTED")).toEqual([]);
  expect(await ids("running_filter=EVICTED")).toEqual([bad, ok]);
  expect(await ids("running_filter=ON_WORKER")).toEqual([dag, bad, ok]);
  expect(await ids(`workflow_ids=${plain.workflowId}`)).toEqual([bad, ok]);
  expect(await ids(`workflow_ids=${rest.tenantId}`)).toEqual([]);
  expect(await ids("additional_metadata=env:test&additional_metadata=n:2")).toEqual([bad, ok]);
  const both = "additional_metadata=env:live&additional_metadata=n:2&additional_metadata_operator=AND";
  expect(await ids(both)).toEqual([bad]);
  expect(await ids("additional_metadata=url:http://x")).toEqual([ok]);
  expect(await ids("additional_metadata=junk")).toHaveLength(3);
  expect(await ids(`worker_id=${workerId}`, true)).toEqual([taskIdOf(dag, 1), bad, ok]);
  expect(await ids(`worker_id=${workerId}&limit=5`, false)).toHaveLength(3);
  expect(await ids("idempotency_keys=k")).toEqual([]);
  expect(await ids("until=2020-01-02")).toEqual([]);
  expect(await ids(`parent_task_external_id=${ok}`)).toEqual([]);
});

test("ids of all runs that match: a bare array, empty when there are none", async () => {
  const path = `${base()}/workflow-runs/external-ids?since=2020-01-01`;
  expect((await rest.get(path)).body).toEqual([dag, bad, ok]);
  expect((await rest.get(`${path}&statuses=FAILED`)).body).toEqual([bad]);
  expect((await rest.get(`${path}&additional_metadata=zz:yy`)).body).toEqual([]);
});

test("display names of runs and tasks", async () => {
  const path = `${base()}/workflow-runs/display-names`;
  const { body } = await rest.get(`${path}?external_ids=${dag}&external_ids=${ok}&external_ids=${rest.tenantId}`);
  expect(body.pagination).toEqual({ current_page: 1, num_pages: 1 });
  expect(body.rows.map((row: { displayName: string }) => row.displayName)).toEqual([
    expect.stringMatching(/^dag-\d+$/),
    expect.stringMatching(/^plain-\d+$/),
  ]);
  expect((await rest.get(path)).status).toBe(400);
});

test("status counts: five of them, runs and not tasks", async () => {
  const path = `${base()}/task-metrics?since=2020-01-01`;
  expect((await rest.get(path)).body).toEqual([
    { status: "CANCELLED", count: 0 },
    { status: "COMPLETED", count: 1 },
    { status: "FAILED", count: 1 },
    { status: "QUEUED", count: 0 },
    { status: "RUNNING", count: 1, runningDetailCount: { evicted: 0, onWorker: 1 } },
  ]);
  const ofPlain = (await rest.get(`${path}&workflow_ids=${plain.workflowId}`)).body;
  expect(ofPlain.map((one: { count: number }) => one.count)).toEqual([0, 1, 1, 0, 0]);
});

test("queue lengths and task stats show what waits", async () => {
  const queues = (await rest.get(`/api/v1/tenants/${rest.tenantId}/step-run-queue-metrics`)).body;
  expect(queues).toEqual({ queues: { "dag:b": 1, "dag:c": 1 } });
  const stats = (await rest.get(`/api/v1/tenants/${rest.tenantId}/task-stats?taskNames=x,y&taskNames=b`)).body;
  expect(stats).toMatchObject({
    b: { queued: { total: 1, queues: { "dag:b": 1 } }, running: { total: 0 } },
    c: { queued: { total: 1 } },
    x: { queued: { total: 0 }, running: { total: 0 } },
  });
  expect(Date.parse(stats.b.queued.oldest)).toBeGreaterThan(0);
});

test("task stats tell what is in the hands of workers", async () => {
  await rest.put({ name: "held", tasks: [{ readableId: "hold", action: "held:hold" }] });
  const worker = await rest.worker(["held:hold"]);
  await rest.run("held");
  const task = await worker.next();
  const stats = async () => (await rest.get(`/api/v1/tenants/${rest.tenantId}/task-stats?taskNames=hold`)).body.hold;
  const oldest = expect.stringMatching(/^\d{4}-/);
  expect((await stats()).running).toEqual({ total: 1, oldest, oldestExcludingRetries: oldest });

  await worker.succeed(task);
  expect(await stats()).toEqual({ queued: { total: 0 }, running: { total: 0 } });
  worker.leave();
});

test("the example for KEDA reads a number there, also of a task that has nothing", async () => {
  const manifest = await readFile(new URL("../../../../../deploy/kubernetes/keda.yaml", import.meta.url), "utf8");
  const scaled = parseAllDocuments(manifest)
    .map((document) => document.toJS())
    .find(({ kind }) => kind === "ScaledObject");
  const { url, valueLocation } = scaled.spec.triggers[0].metadata;
  const { pathname, search } = new URL(url.replace("TENANT", rest.tenantId));
  const { body } = await rest.get(pathname + search);

  expect(valueLocation.split(".").reduce((at: Record<string, unknown>, key: string) => at[key], body)).toBe(0);
});
