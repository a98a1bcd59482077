import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";
import type { TestWorker } from "../testing/test-worker.ts";

let cluster: TestCluster;
let helve: TestEngine;
beforeAll(async () => {
  cluster = await testCluster();
  helve = await cluster.start();
});
afterAll(() => cluster.end());

/** Three of these are more than one statement gives out. */
const LARGE = JSON.stringify({ text: "x".repeat(3 * 2 ** 20) });

/** A workflow of a first task and many that need its output, and as many that need theirs. */
async function fan(name: string, width: number): Promise<void> {
  const branches = Array.from({ length: width }, (_, n) => n);
  await helve.put({
    name,
    tasks: [
      { readableId: "first", action: `${name}:first` },
      ...branches.map((n) => ({ readableId: `then${n}`, action: `${name}:then`, parents: ["first"] })),
      ...branches.map((n) => ({ readableId: `last${n}`, action: `${name}:last`, parents: [`then${n}`] })),
    ],
  });
}

/** A worker that reads nothing of what it is sent, until told. */
async function deafWorker(name: string, actions: string[]): Promise<TestWorker> {
  const worker: TestWorker = await helve.worker({
    name,
    actions,
    slots: 20,
    onTask: () => {
      worker.unread = 5_000_000;
    },
  });
  return worker;
}

test("children that become ready together are not all sent a large output at once", async () => {
  await fan("ready", 6);
  const first = await helve.worker({ actions: ["ready:first"] });
  const deaf = await deafWorker("deaf", ["ready:then"]);
  await helve.run("ready");
  await first.succeed(await first.next(), LARGE);
  expect(deaf.sent).toHaveLength(3);
  deaf.unread = 0;
  await expect.poll(() => deaf.sent.length).toBe(6);
  expect(deaf.sent.every(({ parents }) => parents.length > LARGE.length)).toBe(true);
});

test("a claim counts the outputs of all that came before, also for a task that is replayed", async () => {
  await fan("claimed", 4);
  const early = await helve.worker({ actions: ["claimed:first", "claimed:then"] });
  const runId = await helve.run("claimed");
  await early.succeed(await early.next(), LARGE);
  for (let n = 0; n < 4; n++) await early.succeed(await early.next(), "{}");
  const deaf = await deafWorker("late", ["claimed:last"]);
  await expect.poll(() => deaf.sent.length).toBe(3);
  deaf.unread = 0;
  await expect.poll(() => deaf.sent.length).toBe(4);

  for (const task of deaf.sent) await deaf.succeed(task);
  await helve.ended(runId);
  await helve.engine.setWorkerPaused(helve.tenantId, deaf.id, true);
  deaf.unread = 0;
  await helve.engine.replay(
    helve.tenantId,
    deaf.sent.map(({ id }) => id),
  );
  await helve.engine.setWorkerPaused(helve.tenantId, deaf.id, false);
  await expect.poll(() => deaf.sent.length).toBe(7);
  deaf.unread = 0;
  await expect.poll(() => deaf.sent.length).toBe(8);
});
