import { newId, type Uuid } from "@helve/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startReplica } from "../replicas/replicas.ts";
import { insertWorker, openWorkerSession } from "../workers/workers.ts";
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
  await insertWorker(db, { id, tenantId, name: "worker", actions, slots: { default: 1 }, labels: {}, runtime: {} });
  await openWorkerSession(db, tenantId, id, await startReplica(db, "other", 600_000));
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
