import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";

let cluster: TestCluster;
let helve: TestEngine;
beforeAll(async () => {
  cluster = await testCluster();
  helve = await cluster.start();
});
afterAll(() => cluster.end());

/** A workflow of one task that takes these slots. */
async function taking(name: string, slotRequests: Record<string, number>): Promise<string> {
  await helve.put({ name, tasks: [{ readableId: name, action: `${name}:run`, slotRequests }] });
  return `${name}:run`;
}
const ruleOf = async (id: string) => (await helve.engine.whyWaiting(helve.tenantId, [id])).get(id)?.[0]?.rule;

test("a task takes as many slots as it asks for, and a smaller one what they leave", async () => {
  const actions = [await taking("large", { default: 3 }), await taking("small", { default: 1 })];
  const worker = await helve.worker({ actions, slots: 4 });
  const [first, second] = [await helve.run("large"), await helve.run("large")];
  const task = await worker.next();
  expect(task.id).toBe(first);
  const small = await helve.run("small");
  expect((await worker.next()).id, "one slot was left").toBe(small);
  expect(await ruleOf(second)).toBe("busy");
  await worker.succeed(task);
  expect((await worker.next()).id).toBe(second);
  expect(helve.engine.usedSlots([worker.id]).get(worker.id)).toEqual({ default: 4 });
  worker.die();
});

test("slots of one kind are not taken by tasks of another, and one task may take several kinds", async () => {
  const actions = [
    await taking("short", { default: 1 }),
    await taking("waits", { durable: 1 }),
    await taking("both", { default: 1, durable: 1 }),
  ];
  const worker = await helve.worker({ actions, slots: { default: 1, durable: 2 } });
  const short = await helve.run("short");
  const held = await worker.next();
  const waits = await helve.run("waits");
  expect((await worker.next()).id, "its kind is free").toBe(waits);
  const [both, again] = [await helve.run("both"), await helve.run("short")];
  expect(held.id).toBe(short);
  for (const id of [both, again]) expect(await ruleOf(id)).toBe("busy");
  await worker.succeed(held);
  const next = await worker.next();
  expect([both, again]).toContain(next.id);
  await worker.succeed(next);
  expect([both, again]).toContain((await worker.next()).id);
  worker.die();
});

test("a worker that has no such kind, or too few of it, is not given the task, and the task says so", async () => {
  const actions = [await taking("gpu", { gpu: 2 })];
  const none = await helve.worker({ actions });
  const few = await helve.worker({ actions, slots: { default: 5, gpu: 1 } });
  const id = await helve.run("gpu");
  expect(await ruleOf(id)).toBe("capacity");
  const fit = await helve.worker({ actions, slots: { gpu: 2 } });
  expect((await fit.next()).id).toBe(id);
  for (const worker of [none, few]) expect(worker.sent).toEqual([]);
});
