import { afterEach, beforeEach, expect, test } from "vitest";
import { FaultyDatabase } from "../testing/faulty-database.ts";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";

let cluster: TestCluster;
let faulty: FaultyDatabase;
let a: TestEngine;
let b: TestEngine;

beforeEach(async () => {
  cluster = await testCluster();
  a = await cluster.start({
    wrap: (db) => {
      faulty = new FaultyDatabase(db);
      return faulty;
    },
  });
  b = await cluster.start();
});
afterEach(() => cluster.end());

test("a replica that was taken over starts anew although the database fails it then", async () => {
  await a.put({ name: "work", tasks: [{ readableId: "work", action: "work:run" }] });
  faulty.failAt("start_replica", "lost before", { isLasting: false });
  await b.query("update replica set fenced_at = now() where name = 'engine-1'");
  await expect.poll(() => faulty.hasFailed, { timeout: 6000 }).toBe(true);
  await expect.poll(() => a.engine.readiness().isReady, { timeout: 6000 }).toBe(true);
  const worker = await a.worker({ actions: ["work:run"] });
  const runId = await a.run("work");
  await worker.succeed(await worker.next());
  expect(await a.ended(runId)).toMatchObject({ status: "succeeded" });
  expect(a.heard.fenced).toHaveLength(1);
});

test("a renewal that Postgres undoes because of others is sent again at once", async () => {
  await faulty.failAt("renew_lease", "undone", { isLasting: false });
  const expiry =
    "select from replica_lease join replica on id = replica_id where name = 'engine-1' and expires_at > now() + interval '8.5 s'";
  await expect.poll(() => b.query(expiry), { timeout: 1000 }).toHaveLength(1);
  expect(a.heard.failed).toEqual([]);
});

test("replicas do not take each other for dead when all leases have run out at once", async () => {
  const valid = "select from replica_lease where expires_at > helve_now()";
  await cluster.clock.jump(20_000);
  await expect.poll(() => a.query(valid), { timeout: 6000 }).toHaveLength(2);
  expect(await a.query("select from replica where fenced_at is not null")).toEqual([]);
});

test("a replica of a version that the database has gone beyond says so, and gives its tasks to nobody", async () => {
  const old = await cluster.start({ schema: 1000 });
  await old.put({ name: "work", tasks: [{ readableId: "work", action: "work:run" }] });
  const left = await old.worker({ actions: ["work:run"] });
  await b.query("insert into helve_migration (name, engines_from) values ('1000_beside.sql', 1000)");
  await b.query("insert into helve_migration (name, engines_from) values ('1001_beyond.sql', 1001)");
  const reason = expect.stringMatching(
    /newer Helve has migrated .* engines with the schema 1001 or later, and this one has 1000/,
  );
  await expect.poll(() => old.engine.readiness(), { timeout: 6000 }).toEqual({ isReady: false, reason });
  const runId = await old.run("work");
  await expect(old.worker({ actions: ["work:run"] })).rejects.toMatchObject({ code: "unavailable" });
  const worker = await b.worker({ actions: ["work:run"] });
  expect((await worker.next()).id).toBe(runId);
  expect(left.sent).toEqual([]);
});

test("a replica whose connections are all busy keeps its lease", async () => {
  const busy = await cluster.start({ maxConnections: 1, hasLeaseDb: true });
  const expiry = async () => {
    const [row] = await b.query<{ at: number }>(
      "select extract(epoch from max(expires_at))::float8 as at from replica_lease join replica on id = replica_id where name = 'engine-3'",
    );
    return row?.at ?? 0;
  };
  const before = await expiry();
  await busy.db.transaction(() => expect.poll(expiry, { timeout: 6000 }).toBeGreaterThan(before));
});
