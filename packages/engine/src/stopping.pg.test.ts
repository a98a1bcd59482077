import { afterEach, beforeEach, expect, test } from "vitest";
import { FaultyDatabase } from "./testing/faulty-database.ts";
import { type TestCluster, testCluster } from "./testing/test-engine.ts";

let cluster: TestCluster;
let faulty: FaultyDatabase;

beforeEach(async () => {
  cluster = await testCluster();
});
afterEach(() => cluster.end());

function start(isReady: () => void = () => {}) {
  return cluster.start({
    isAlone: true,
    wrap: (db) => {
      faulty = new FaultyDatabase(db);
      isReady();
      return faulty;
    },
  });
}

test("an engine stops whole although the database is gone and a start is not stored", async () => {
  const one = await start();
  await one.put({ name: "work", tasks: [{ readableId: "work", action: "work:run" }] });
  const worker = await one.worker({ actions: ["work:run"] });
  await one.run("work");
  await worker.started(await worker.next());
  faulty.die();
  await one.stop();
  expect(worker.closed).toEqual(["engine_stops"]);
  // A deadline may be due in between, and its look fail as well.
  const failed = one.heard.failed.map(([what]) => what);
  expect(failed).toEqual(expect.arrayContaining(["storing starts", "renewing the lease"]));
});

test("an engine that does not come up whole gives its lease back", async () => {
  const starting = start(() => faulty.failAt("fence_other_replicas", "lost before", { isLasting: false }));
  await expect(starting).rejects.toMatchObject({ code: "unavailable" });
  const next = await cluster.start();
  expect(await next.query("select from replica where fenced_at is null")).toHaveLength(1);
});
