import { newId } from "@helve/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Database, openDatabase } from "../db.ts";
import { startReplica } from "../replicas/replicas.ts";
import { insertTaskRuns, type NewTaskRun } from "../task-runs/insert-task-runs.ts";
import { type FreshDatabase, freshDatabase } from "../testing/index.ts";
import { deleteExpiredRoutes, getRoutes, listRoutes, listWaitingRoutes, putRoutes, type RouteRow } from "./routes.ts";

let database: FreshDatabase;
let db: Database;
let replicaId: number;
const DAY_MS = 86_400_000;
const run = (text: string, values: unknown[] = []) => db.query({ name: "", text }, values);

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url, maxConnections: 2, applicationName: "routes", keyedAccess: true });
  replicaId = await startReplica(db, "test", 600_000);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

async function put(tenantId: string, placement: string, keepMs: number | null): Promise<RouteRow> {
  const [row] = await putRoutes(db, tenantId, [{ action: "a:b", slots: "{}", placement, keepMs }]);
  return row as RouteRow;
}

async function queue(tenantId: string, routeId: number): Promise<void> {
  const task: NewTaskRun = {
    id: newId(),
    tenantId,
    versionId: newId(),
    routeId,
    status: "queued",
    priority: 1,
    rank: 3,
    pendingParents: 0,
    scheduleTimeoutMs: 60_000,
    executionTimeoutMs: 60_000,
    workerId: null,
    parentTaskId: null,
    childIndex: null,
    childKey: null,
    input: "{}",
    metadata: "{}",
  };
  await insertTaskRuns(db, replicaId, [task]);
}

test("a line has one route, however often and by whomever it is asked for", async () => {
  const tenantId = newId();
  const lines = [
    { action: "a:b", slots: "{}", placement: "", keepMs: null },
    { action: "a:b", slots: "{}", placement: "x", keepMs: DAY_MS },
    { action: "a:b", slots: "{}", placement: "", keepMs: null },
    { action: "a:c", slots: "{}", placement: "", keepMs: null },
  ];
  const together = await Promise.all(Array.from({ length: 8 }, () => putRoutes(db, tenantId, lines)));
  const rows = await putRoutes(db, tenantId, lines);
  expect(rows.map((row) => `${row.action} ${row.placement}`).sort()).toEqual(["a:b ", "a:b x", "a:c "]);
  const known = new Set(rows.map((row) => row.id));
  for (const row of together.flat()) expect(known).toContain(row.id);
});

test("a placement may be longer than an index entry", async () => {
  const tenantId = newId();
  const placement = Array.from({ length: 400 }, () => newId()).join(" ");
  const row = await put(tenantId, placement, DAY_MS);
  expect(await put(tenantId, placement, DAY_MS)).toMatchObject({ id: row.id, placement });
});

test("a route is kept as long as it was last asked for, and for ever when a definition needs it", async () => {
  const tenantId = newId();
  const first = await put(tenantId, "kept", DAY_MS);
  expect(first.keptForMs).toBeGreaterThan(DAY_MS - 10_000);
  await run("update route set expires_at = helve_now() + interval '1 hour' where id = $1", [first.id]);
  expect((await getRoutes(db, [first.id]))[0]?.keptForMs).toBeLessThan(3_600_001);
  expect(await put(tenantId, "kept", DAY_MS)).toMatchObject({ id: first.id });
  expect((await getRoutes(db, [first.id]))[0]?.keptForMs).toBeGreaterThan(DAY_MS - 10_000);
  expect(await put(tenantId, "kept", null)).toMatchObject({ id: first.id, keptForMs: null });
  expect(await put(tenantId, "kept", DAY_MS)).toMatchObject({ id: first.id, keptForMs: null });
});

test("expired routes are deleted unless a task stands there, and are made anew when asked for", async () => {
  const tenantId = newId();
  const [lasting, unused, used, fresh] = [
    await put(tenantId, "", null),
    await put(tenantId, "unused", DAY_MS),
    await put(tenantId, "used", DAY_MS),
    await put(tenantId, "fresh", DAY_MS),
  ];
  await queue(tenantId, used.id);
  const past = "update route set expires_at = helve_now() - interval '1 second' where id = any($1::int[])";
  await run(past, [[unused.id, used.id]]);
  await deleteExpiredRoutes(db);
  const left = await getRoutes(db, [lasting.id, unused.id, used.id, fresh.id]);
  expect(left.map((row) => row.placement).sort()).toEqual(["", "fresh", "used"]);
  const again = await put(tenantId, "unused", DAY_MS);
  expect(again.id).not.toBe(unused.id);
});

test("whoever asks for a route while it is being deleted gets one that stays", async () => {
  const tenantId = newId();
  for (let round = 0; round < 20; round++) {
    const { id } = await put(tenantId, "race", DAY_MS);
    await run("update route set expires_at = helve_now() - interval '1 second' where id = $1", [id]);
    const [row] = await Promise.all([put(tenantId, "race", DAY_MS), deleteExpiredRoutes(db)]);
    expect((await getRoutes(db, [row.id])).map(({ keptForMs }) => (keptForMs ?? 0) > 0)).toEqual([true]);
  }
});

test("a worker that connects learns the routes of definitions, and others only when somebody stands there", async () => {
  const tenantId = newId();
  const [lasting, used] = [await put(tenantId, "", null), await put(tenantId, "used", DAY_MS)];
  await put(tenantId, "unused", DAY_MS);
  await queue(tenantId, used.id);
  const ids = (
    await listRoutes(
      db,
      ["a:b", "a:c"].map((action) => ({ tenantId, action })),
    )
  ).map((row) => row.id);
  expect(ids.sort()).toEqual([lasting.id, used.id].sort());
});

test("waiting routes are found by stepping through the index, not by reading the lines", async () => {
  const tenantId = newId();
  const before = new Set(await listWaitingRoutes(db));
  const routes = [await put(tenantId, "1", null), await put(tenantId, "2", null), await put(tenantId, "3", null)];
  for (const { id } of routes) for (let n = 0; n < 3; n++) await queue(tenantId, id);
  const found = (await listWaitingRoutes(db)).filter((id) => !before.has(id));
  expect(found.sort()).toEqual(routes.map((row) => row.id).sort());
  await run("analyze task_run");
  const texts: string[] = [];
  await listWaitingRoutes({
    query: async ({ text }) => {
      texts.push(text);
      return [];
    },
  });
  const plan = await db.query<{ "QUERY PLAN": string }>({ name: "", text: `explain (costs off) ${texts[0]}` });
  const lines = plan.map((row) => row["QUERY PLAN"]).join("\n");
  expect(lines.match(/Index (Only )?Scan using task_run_line/g)).toHaveLength(2);
  expect(lines).not.toMatch(/Seq Scan/);
});
