import { newId, type Uuid } from "@helve/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startReplica, stopReplica } from "../replicas/replicas.ts";
import { closeWorkerSessions, insertWorkers, openWorkerSessions, setWorkerPaused } from "../workers/workers.ts";
import { type ReadingFixture, readingFixture } from "./reading-fixture.ts";

let fixture: ReadingFixture;

beforeAll(async () => {
  fixture = await readingFixture();
});
afterAll(() => fixture.drop());

async function worker(name: string): Promise<Uuid> {
  const { db, tenantId } = fixture;
  const id = newId();
  const slots = { default: 10 };
  await insertWorkers(db, [
    { id, tenantId, name, actions: ["plain:run"], slots, labels: { region: "eu" }, runtime: {} },
  ]);
  return id;
}

const get = (id: Uuid) => fixture.reading.getWorker(fixture.tenantId, id);

test("a worker is connected from the opening of its session to the end", async () => {
  const replicaId = await startReplica(fixture.db, "one", 600_000);
  const id = await worker("session");
  expect(await get(id)).toMatchObject({ name: "session", isConnected: false, isPaused: false });
  const [row] = await openWorkerSessions(fixture.db, [{ tenantId: fixture.tenantId, id }], replicaId);
  expect(await get(id)).toMatchObject({ isConnected: true, slots: { default: 10 }, labels: { region: "eu" } });
  await setWorkerPaused(fixture.db, fixture.tenantId, id, true);
  expect(await get(id)).toMatchObject({ isPaused: true });
  await closeWorkerSessions(fixture.db, [{ id, session: row?.session as number }]);
  expect(await get(id)).toMatchObject({ isConnected: false });
});

test("a worker that was silent for eight seconds is late", async () => {
  const replicaId = await startReplica(fixture.db, "silence", 600_000);
  const id = await worker("silent");
  await openWorkerSessions(fixture.db, [{ tenantId: fixture.tenantId, id }], replicaId);
  const silentFor = (seconds: number) =>
    fixture.db.query(
      { name: "", text: "update worker set last_heartbeat_at = helve_now() - $2 * interval '1 s' where id = $1" },
      [id, seconds],
    );
  await silentFor(6);
  expect(await get(id)).toMatchObject({ isLate: false });
  await silentFor(9);
  expect(await get(id)).toMatchObject({ isLate: true, isConnected: true });
});

test("a worker whose replica is gone is not connected", async () => {
  const replicaId = await startReplica(fixture.db, "two", 600_000);
  const id = await worker("orphan");
  await openWorkerSessions(fixture.db, [{ tenantId: fixture.tenantId, id }], replicaId);
  await stopReplica(fixture.db, replicaId);
  expect(await get(id)).toMatchObject({ isConnected: false });
});

test("a worker that was not heard of for a day is left out of the list, not out of reach", async () => {
  const id = await worker("old");
  const list = async () => (await fixture.reading.listWorkers(fixture.tenantId)).map((one) => one.id);
  expect(await list()).toContain(id);
  await fixture.db.query(
    { name: "", text: "update worker set created_at = now() - interval '25 hours' where id = $1" },
    [id],
  );
  expect(await list()).not.toContain(id);
  expect(await get(id)).toBeDefined();
});

test("used slots are the cost of what a worker has in hand", async () => {
  const id = await worker("busy");
  const plain = await fixture.workflow("plain");
  await fixture.standalone(plain, { status: "assigned", workerId: id });
  await fixture.standalone(plain, { status: "assigned", workerId: id });
  await fixture.standalone(plain);
  expect((await fixture.reading.usedSlots([id]))?.get(id)).toEqual({ default: 2 });
  expect((await fixture.reading.usedSlots([newId()]))?.size).toBe(0);
});
