import { afterAll, beforeAll, expect, test } from "vitest";
import { type Database, openDatabase } from "../db.ts";
import { type FreshDatabase, freshDatabase } from "../testing/index.ts";
import { findViolations } from "./invariants.ts";

let database: FreshDatabase;
let db: Database;
const run = (text: string) => db.query({ name: "", text });
const id = (n: number) => `01900000-0000-7000-8000-${n.toString().padStart(8, "0")}0000`;

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url, maxConnections: 1, applicationName: "invariants" });
  await run(`insert into tenant (id, name, slug) values ('${id(1)}', 'test', 'test')`);
  await run(`insert into route (tenant_id, action, slots) values ('${id(1)}', 'a:b', '{"default":2}')`);
  await run(
    `insert into worker (id, tenant_id, name, actions, slots) values ('${id(2)}', '${id(1)}', 'w', '{a:b}', '{"default":3}')`,
  );
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

function insert(task: string, status: string, overrides: { deadline?: string; input?: string } = {}): Promise<unknown> {
  const { deadline = "now() + interval '1 hour'", input = "'{}'" } = overrides;
  const worker = status === "assigned" ? `'${id(2)}'` : "null";
  return run(`insert into task_run (id, tenant_id, version_id, route_id, status, priority, rank, attempt, worker_id,
      schedule_timeout_ms, execution_timeout_ms, created_at, deadline_at, input)
    values ('${task}', '${id(1)}', '${id(3)}', (select max(id) from route), '${status}', 1, 3, 1, ${worker}, 1, 1, now(), ${deadline}, ${input})`);
}

test("a sound database has no violations", async () => {
  await insert(id(10), "queued");
  await insert(id(11), "assigned");
  expect(await findViolations(db)).toEqual([]);
});

test("each kind of violation is found and named", async () => {
  await insert(id(20), "queued", { deadline: "now() - interval '2 minutes'" });
  await insert(id(21), "assigned");
  await run(`insert into task_run_history (id, tenant_id, version_id, status, priority, attempt, failures, requeues, created_at, finished_at)
    values ('${id(10)}', '${id(1)}', '${id(3)}', 'succeeded', 1, 1, 0, 0, now(), now())`);
  await run(`insert into workflow_run (id, tenant_id, version_id, priority, remaining, created_at, input, metadata)
    values ('${id(30)}', '${id(1)}', '${id(3)}', 1, 2, now(), '{}', '{}')`);
  await insert(`${id(31).slice(0, 32)}0001`, "queued", { input: "null" });
  const found = (await findViolations(db)).map(({ rule, id, detail }) => [
    rule,
    id,
    detail.replace(/since .* is/, "since … is"),
  ]);
  expect(found.sort()).toEqual([
    ["a task of a DAG has its run", `${id(31).slice(0, 32)}0001`, "queued without a workflow run"],
    ["a task run is either unfinished or finished", id(10), "queued with attempt 1, and finished as succeeded"],
    ["a worker has no more tasks than slots", id(2), "default: 4 of 3"],
    ["a workflow run counts its unfinished tasks", id(30), "2 counted, 0 unfinished"],
    ["a workflow run has a task that moves it on", id(30), "all of its tasks are waiting"],
    ["every unfinished task run is acted on by its deadline", id(20), "queued since … is overdue"],
  ]);
});
