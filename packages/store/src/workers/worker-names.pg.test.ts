import { afterAll, beforeAll, expect, test } from "vitest";
import { type Database, openDatabase } from "../db.ts";
import { freshDatabase } from "../testing/index.ts";
import { listWorkerNames } from "./worker-names.ts";
import { insertWorkers } from "./workers.ts";

const id = (n: number) => `01900000-0000-7000-8000-00000000000${n}`;
const [TENANT, OTHER, MAIL, BILLING, RUNNING, QUEUED] = [1, 2, 3, 4, 5, 6].map(id) as [
  string,
  string,
  string,
  string,
  string,
  string,
];

let database: Awaited<ReturnType<typeof freshDatabase>>;
let db: Database;
beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url, maxConnections: 1, applicationName: "test", keyedAccess: true });
  const worker = { tenantId: TENANT, actions: [], slots: {}, labels: {}, runtime: {} };
  await insertWorkers(db, [
    { ...worker, id: MAIL, name: "mail" },
    { ...worker, id: BILLING, name: "billing" },
  ]);
  const text = `
    insert into task_run (id, tenant_id, version_id, route_id, status, priority, rank, attempt, worker_id,
                          schedule_timeout_ms, execution_timeout_ms, created_at, deadline_at)
    values ($1, $3, $1, 1, 'assigned', 1, 3, 2, $4, 1, 1, now(), now()),
           ($2, $3, $1, 1, 'queued', 1, 3, 1, null, 1, 1, now(), now())`;
  await db.query({ name: "", text }, [RUNNING, QUEUED, TENANT, BILLING]);
});
afterAll(async () => {
  await db?.close();
  await database?.drop();
});

test("names workers by id, and those that have an attempt in hand", async () => {
  const running = (attempt: number | null) => [{ taskId: RUNNING, attempt }];
  expect(await listWorkerNames(db, TENANT, [MAIL], [])).toEqual(["mail"]);
  expect(await listWorkerNames(db, TENANT, [], running(2))).toEqual(["billing"]);
  expect(await listWorkerNames(db, TENANT, [], running(null))).toEqual(["billing"]);
  expect((await listWorkerNames(db, TENANT, [MAIL, BILLING], running(2))).sort()).toEqual(["billing", "mail"]);
});

test("says nothing of attempts that are over, of tasks in line, and of other tenants", async () => {
  const attempts = [
    { taskId: RUNNING, attempt: 1 },
    { taskId: QUEUED, attempt: null },
  ];
  expect(await listWorkerNames(db, TENANT, [], attempts)).toEqual([]);
  expect(await listWorkerNames(db, OTHER, [MAIL], [{ taskId: RUNNING, attempt: 2 }])).toEqual([]);
});
