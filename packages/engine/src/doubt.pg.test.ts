import { HelveError } from "@helve/core";
import type { Database } from "@helve/store";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FaultyDatabase } from "./testing/faulty-database.ts";
import { strayTask } from "./testing/stray-task.ts";
import { type TestCluster, type TestEngine, testCluster } from "./testing/test-engine.ts";

/** Three looks take 9 s, and without doubt there is one a minute. */
const SOON_MS = 25_000;
const actions = ["work:run"];

let cluster: TestCluster;
/** This one falls into doubt. */
let a: TestEngine;
let b: TestEngine;
let faulty: FaultyDatabase;
/** How often the first one has looked for what gone workers hold. */
let looks = 0;
/** A statement of the first one that fails. */
let refused: string | undefined;
/** Until when the second one does not hear what returning workers have in hand. */
let isTold: Promise<void>;

beforeEach(async () => {
  refused = undefined;
  isTold = Promise.resolve();
  cluster = await testCluster();
  a = await cluster.start({
    wrap(db) {
      faulty = new FaultyDatabase(db);
      return before(faulty, async (name) => {
        if (name === "list_orphaned_workers") looks++;
        if (name === refused) throw new HelveError("unavailable", "the test refuses it");
      });
    },
  });
  b = await cluster.start({
    wrap: (db) => before(db, (name) => (name === "list_assigned_task_runs" ? isTold : undefined)),
  });
  await a.put({ name: "work", tasks: [{ readableId: "work", action: "work:run" }] });
});
afterEach(() => cluster.end());

/** A database where something happens before a statement. */
function before(db: Database, act: (name: string) => Promise<void> | undefined): Database {
  return {
    counters: db.counters,
    async query(statement, values) {
      await act(statement.name);
      return db.query(statement, values);
    },
    transaction: (work) => db.transaction(work),
    close: () => db.close(),
  };
}

/** A worker that was connected to the second one, and has gone. */
async function goneFromB() {
  const gone = await b.worker({ actions });
  gone.die();
  cluster.clock.wait(2000);
  await expect.poll(() => Object.values(b.engine.status().workers).every((count) => count === 0)).toBe(true);
  return gone;
}

/** The first one does not know what became of a write. */
async function fallIntoDoubt(): Promise<void> {
  void faulty.failAt("insert_task_runs", "lost before", { isLasting: false });
  await a.run("work");
}

test(
  "in doubt, what workers have that are gone is taken everywhere, and nothing from one that is coming back",
  async () => {
    const [gone, unwritten, returning] = [await goneFromB(), await goneFromB(), await goneFromB()];
    const lost = [await strayTask(b, gone.id), await strayTask(b, unwritten.id)];
    // Its end could not be written.
    await b.query("update worker set is_listening = true where id = $1", [unwritten.id]);
    const kept = await strayTask(b, returning.id);
    let tell = () => {};
    isTold = new Promise((resolve) => {
      tell = resolve;
    });
    const returned = returning.listen();

    await fallIntoDoubt();
    const other = await a.worker({ actions });
    await other.succeed(await other.next());
    const tasks = [await other.next(), await other.next()];
    expect(tasks.map(({ id }) => id).sort()).toEqual(lost.sort());
    tell();
    await returned;
    const [row] = await b.query("select status, attempt from task_run where id = $1", [kept]);
    expect(row).toEqual({ status: "assigned", attempt: 1 });
    await returning.succeed({ ...(tasks[0] as (typeof tasks)[number]), id: kept, attempt: 1 });
    for (const task of tasks) await other.succeed(task);
  },
  SOON_MS,
);

test(
  "doubt lasts: what is carried out after the first look is found by a later one",
  async () => {
    const worker = await a.worker({ actions });
    await fallIntoDoubt();
    await worker.succeed(await worker.next());
    const before = looks;
    await expect.poll(() => looks, { timeout: 5000 }).toBeGreaterThan(before);
    const id = await strayTask(a, worker.id);
    const task = await worker.next();
    expect(task).toMatchObject({ id, attempt: 2 });
    await worker.succeed(task);
  },
  SOON_MS,
);

test(
  "what a replica had taken from a worker, and could not write, it takes when it has started anew",
  async () => {
    const worker = await a.worker({ actions });
    const id = await a.run("work");
    await worker.next();
    refused = "close_worker_sessions";
    worker.die();
    cluster.clock.wait(2000);
    await expect.poll(() => a.heard.failed.map(([what]) => what)).toContain("keeping sessions");
    await b.query("update replica set fenced_at = now() where name = 'engine-1'");
    await expect.poll(() => a.heard.fenced.length, { timeout: 5000 }).toBe(1);
    refused = undefined;
    const other = await b.worker({ actions });
    const task = await other.next();
    expect(task).toMatchObject({ id, attempt: 2 });
    await other.succeed(task);
  },
  SOON_MS,
);
