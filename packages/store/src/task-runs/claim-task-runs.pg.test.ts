import { newId, newRunId } from "@helve/core";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Database, openDatabase } from "../db.ts";
import { startReplica } from "../replicas/replicas.ts";
import { type FreshDatabase, freshDatabase } from "../testing/index.ts";
import { type Claim, claimTaskRuns, MAX_CLAIM_BYTES } from "./claim-task-runs.ts";
import { insertTaskRuns } from "./insert-task-runs.ts";

let database: FreshDatabase;
let db: Database;
let replicaId: number;
const tenantId = newId();
const workers = [newId(), newId()] as const;
beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url, maxConnections: 1, applicationName: "claims", keyedAccess: true });
  replicaId = await startReplica(db, "claims", 60_000);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  await db.query({ name: "", text: "truncate task_run" });
});

/** Puts tasks in the line of a route, in this order. @returns their ids */
async function queue(routeId: number, priorities: readonly number[], input = "{}"): Promise<string[]> {
  const runs = priorities.map((priority) => ({
    id: newRunId(),
    tenantId,
    versionId: newId(),
    routeId,
    status: "queued" as const,
    priority,
    rank: 4 - priority,
    pendingParents: 0,
    scheduleTimeoutMs: 60_000,
    executionTimeoutMs: 60_000,
    workerId: null,
    parentTaskId: null,
    childIndex: null,
    childKey: null,
    input,
    metadata: "{}",
  }));
  for (const run of runs) await insertTaskRuns(db, replicaId, [run]);
  return runs.map((run) => run.id);
}

const claim = (...claims: Omit<Claim, "tenantId">[]) =>
  claimTaskRuns(
    db,
    replicaId,
    claims.map((one) => ({ tenantId, ...one })),
  );
const times = (count: number) => Array.from({ length: count }, () => workers[0]);

test("gives the most urgent and then the oldest of each line to the workers in turn", async () => {
  const [low, first, second] = await queue(1, [1, 3, 3]);
  const [other] = await queue(2, [2]);

  const rows = await claim({ routeId: 1, workerIds: [workers[1], workers[0]] }, { routeId: 2, workerIds: times(3) });

  expect(rows.map((row) => [row.id, row.routeId, row.place, row.workerId]).sort()).toEqual(
    [
      [first, 1, 0, workers[1]],
      [second, 1, 1, workers[0]],
      [other, 2, 0, workers[0]],
    ].sort(),
  );
  expect((await claim({ routeId: 1, workerIds: times(5) })).map((row) => row.id)).toEqual([low]);
});

test("passes over what is older than where it is told to begin, rank by rank", async () => {
  const [low] = await queue(1, [1, 3]);
  const [reached] = await claim({ routeId: 1, workerIds: times(1) });
  const [urgent] = await queue(1, [3]);
  const fromAge = [0, reached?.age as number, 0, (reached?.age as number) + 1];

  expect((await claim({ routeId: 1, workerIds: times(5), fromAge })).map((row) => row.id)).toEqual([urgent]);
  expect((await claim({ routeId: 1, workerIds: times(5) })).map((row) => row.id)).toEqual([low]);
});

test("while somebody holds a snapshot, a claim that begins where others have come to reads little", async () => {
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  await holder.query("begin isolation level repeatable read; select from replica");
  const text = `insert into task_run (id, tenant_id, version_id, route_id, status, priority, rank, schedule_timeout_ms,
      execution_timeout_ms, created_at, deadline_at, input, metadata)
    select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 'queued', 1, 3, 1, 1, now(), now() + interval '1 hour', '{}', '{}'
      from generate_series(1, 5000)`;
  await db.query({ name: "", text });
  let reached = 0;
  for (let claimed = 0; claimed < 4000; claimed += 1000) {
    const rows = await claim({ routeId: 1, workerIds: times(1000) });
    reached = Math.max(...rows.map((row) => row.age));
  }

  const atFront = await blocksOf(() => claim({ routeId: 1, workerIds: times(1) }));
  const further = await blocksOf(() => claim({ routeId: 1, workerIds: times(1), fromAge: [0, 0, 0, reached] }));
  await holder.end();

  expect(further).toBeLessThan(atFront / 4);
});

/** Blocks of the hot table and its indexes that were looked at meanwhile. */
async function blocksOf(work: () => Promise<unknown>): Promise<number> {
  const total = async () => {
    await db.query({ name: "", text: "select pg_stat_force_next_flush()" });
    const rows = await db.query<{ blocks: number }>({
      name: "",
      text: `select (heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read)::int as blocks
               from pg_statio_user_tables where relname = 'task_run'`,
    });
    return rows[0]?.blocks as number;
  };
  const before = await total();
  await work();
  return (await total()) - before;
}

test("gives out no more at once than a bounded number of bytes, each line in turn, and says so", async () => {
  const large = "x".repeat(MAX_CLAIM_BYTES / 4);
  const first = await queue(1, [1, 1, 1, 1], large);
  const second = await queue(2, [1, 1, 1], large);
  const third = await queue(3, [1]);
  const claims = [1, 2, 3].map((routeId) => ({ routeId, workerIds: times(10) }));

  const rows = await claim(...claims);
  expect(rows.map((row) => row.id).sort()).toEqual([...first.slice(0, 2), ...second.slice(0, 2), ...third].sort());
  expect(rows.filter((row) => row.isLast).map((row) => row.id)).toEqual([second[1]]);
  const rest = await claim(...claims);
  expect(rest.map((row) => row.id).sort()).toEqual([...first.slice(2), ...second.slice(2)].sort());
  expect(rest.some((row) => row.isLast)).toBe(false);
});

test("gives out a task that is larger than that all by itself", async () => {
  await queue(1, [1, 1], "x".repeat(MAX_CLAIM_BYTES + 1));
  for (let n = 0; n < 2; n++) expect(await claim({ routeId: 1, workerIds: times(10) })).toMatchObject([{ place: 0 }]);
});
