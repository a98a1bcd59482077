import { newId, type Uuid } from "@helve/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Db } from "../db.ts";
import { startReplica } from "../replicas/replicas.ts";
import { insertWorkers, openWorkerSessions } from "../workers/workers.ts";
import { openReading } from "./index.ts";
import { listBacklogs } from "./queues.ts";
import { type ReadingFixture, readingFixture } from "./reading-fixture.ts";

let fixture: ReadingFixture;
beforeAll(async () => {
  fixture = await readingFixture();
});
afterAll(() => fixture.drop());

async function connect(actions: string[]): Promise<void> {
  const { db, tenantId } = fixture;
  const id = newId();
  await insertWorkers(db, [{ id, tenantId, name: "worker", actions, slots: { default: 1 }, labels: {}, runtime: {} }]);
  await openWorkerSessions(db, [{ tenantId, id }], await startReplica(db, "other", 600_000));
}

async function query(text: string, values: unknown[]): Promise<void> {
  await fixture.db.query({ name: "", text }, values);
}

async function waitsSince(id: Uuid, secondsAgo: number): Promise<void> {
  await query("update task_run set queued_at = helve_now() - $2 * interval '1 second' where id = $1", [id, secondsAgo]);
}

test("tells of each tenant how much waits, for how long, and what of it no connected worker could take", async () => {
  const [served, unserved] = [await fixture.workflow("served"), await fixture.workflow("unserved")];
  const otherTenant = await fixture.otherTenant();
  const theirs = await fixture.workflow("served", { only: [] }, otherTenant);
  await connect(["served:run"]);
  await waitsSince(await fixture.standalone(served), 100);
  await fixture.standalone(served);
  await fixture.standalone(unserved);
  await fixture.standalone(served, { status: "assigned" });
  await fixture.standalone(theirs);

  const backlogs = await listBacklogs(fixture.db);
  expect(backlogs.get(fixture.tenantId)).toEqual({ queued: 3, oldestSeconds: expect.closeTo(100, -1), unserved: 1 });
  // The worker is another tenant's.
  expect(backlogs.get(otherTenant)).toEqual({ queued: 1, oldestSeconds: expect.closeTo(0, -1), unserved: 1 });
});

test("tells of each action what waits and what runs, and since when", async () => {
  const plain = await fixture.workflow("plain");
  const { reading } = fixture;
  const tenantId = await fixture.otherTenant();
  const theirs = await fixture.workflow("plain", { only: [] }, tenantId);
  await fixture.standalone(plain);
  const [again, first] = [await fixture.standalone(theirs), await fixture.standalone(theirs)];
  await waitsSince(again, 100);
  await waitsSince(first, 50);
  await query("update task_run set rank = 0, failures = 1, attempt = 1 where id = $1", [again]);
  const backingOff = await fixture.standalone(theirs);
  await query("update task_run set status = 'backing_off' where id = $1", [backingOff]);
  await fixture.standalone(theirs, { status: "assigned" });

  const ageOf = (at: Date | null | undefined) => (Date.now() - Number(at)) / 1000;
  const [queued, ...others] = await reading.listQueueLoads(tenantId);
  expect(others).toEqual([]);
  expect(queued).toMatchObject({ action: "plain:run", total: 3 });
  expect(ageOf(queued?.oldest)).toBeCloseTo(100, -1);
  expect(ageOf(queued?.oldestFirstTry)).toBeCloseTo(50, -1);
  const running = await reading.listRunningLoads(tenantId);
  expect(running).toMatchObject([{ action: "plain:run", total: 1, oldest: expect.any(Date) }]);
});

test("what others have waiting is not read", async () => {
  const plain = await fixture.workflow("plain");
  const many = await fixture.workflow("many", { only: [] }, await fixture.otherTenant());
  const one = await fixture.standalone(many);
  await query(
    `insert into task_run (id, tenant_id, version_id, route_id, status, priority, rank, schedule_timeout_ms,
       execution_timeout_ms, created_at, queued_at, deadline_at, input, metadata)
     select gen_random_uuid(), tenant_id, version_id, route_id, 'queued', 1, 3, 60000, 60000, now(), now(),
            now() + interval '1 hour', '{}', '{}'
       from task_run, generate_series(1, 30000) where id = $1`,
    [one],
  );
  await query("vacuum analyze task_run", []);
  await fixture.standalone(plain);

  for (const read of [
    (db: Db) => openReading(db).listQueueLoads(fixture.tenantId),
    (db: Db) => openReading(db).queueLengths(fixture.tenantId),
  ]) {
    const plan = await rowsRead(read);
    expect(plan.text).not.toContain("Seq Scan on task_run");
    expect(plan.rows).toBeLessThan(100);
  }
  const backlogs = await rowsRead(listBacklogs);
  expect(backlogs.text).not.toContain("Seq Scan on task_run");
});

/** How a statement is carried out, and the most rows that a step of it saw. */
async function rowsRead(read: (db: Db) => Promise<unknown>): Promise<{ text: string; rows: number }> {
  let text = "";
  await read({
    async query(statement, values) {
      const explained = { name: "", text: `explain (analyze, costs off, timing off) ${statement.text}` };
      const lines = await fixture.db.query<{ "QUERY PLAN": string }>(explained, values);
      text = lines.map((line) => line["QUERY PLAN"]).join("\n");
      return [];
    },
  } as Db);
  const counts = [...text.matchAll(/actual rows=([\d.]+) loops=(\d+)/g)].map(
    ([, rows, loops]) => Number(rows) * Number(loops),
  );
  return { text, rows: Math.max(...counts) };
}
