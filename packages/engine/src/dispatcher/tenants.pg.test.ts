import { defineWorkflow, newId, type RunId, type TenantId } from "@helve/core";
import { putTenant } from "@helve/store";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";
import { TestWorker } from "../testing/test-worker.ts";

const LINES = 50;

let cluster: TestCluster;
let helve: TestEngine;
let quiet: TenantId;
/** Whose each task was that was handed out, in order. */
let sent: TenantId[];

beforeEach(async () => {
  cluster = await testCluster();
  helve = await cluster.start();
  quiet = (await putTenant(helve.db, { id: newId(), name: "quiet", slug: "quiet" })).id;
  sent = [];
});
afterEach(() => cluster.end());

/** Puts as many workflows of one task as there are lines. @returns their actions, which are their names */
async function put(tenantId: TenantId, lines: number): Promise<string[]> {
  const names = Array.from({ length: lines }, (_, index) => `line${index}:run`);
  for (const action of names) {
    const tasks = [{ readableId: "t", action }];
    await helve.engine.putWorkflow(tenantId, defineWorkflow({ name: action.replace(":run", ""), tasks }));
  }
  return names;
}

/** A worker that ends every task as soon as it has it, while it is let. */
function busyWorker(tenantId: TenantId, actions: string[], slots: number): Promise<TestWorker> {
  return TestWorker.connect(helve.engine, tenantId, {
    actions,
    slots,
    onTask: (task) => {
      sent.push(task.tenantId);
      const report = { taskId: task.id, attempt: task.attempt, outcome: "succeeded", output: "{}" } as const;
      helve.engine.report(task.tenantId, [report]).catch(() => {});
    },
  });
}

function trigger(tenantId: TenantId, line: number, count: number): Promise<RunId[]> {
  const requests = Array.from({ length: count }, () => ({ workflow: `line${line}`, input: "{}", metadata: "" }));
  return helve.engine.triggerRuns(tenantId, requests);
}

test("a tenant with a hundred times the work does not make another wait for more than a few batches", async () => {
  const loud = helve.tenantId;
  await busyWorker(loud, await put(loud, 1), 10_000);
  await busyWorker(quiet, await put(quiet, 1), 100);
  // What comes while definitions are read and statements are planned, on each connection once, is ahead for good.
  await trigger(quiet, 0, 1);
  await Promise.all(Array.from({ length: 100 }, () => trigger(loud, 0, 40)));
  await expect.poll(() => sent.length).toBe(4001);
  sent = [];
  const work = Array.from({ length: 200 }, () => trigger(loud, 0, 40));
  const few = await Promise.all(Array.from({ length: 80 }, () => trigger(quiet, 0, 1)));
  await Promise.all(few.flat().map((id) => new Promise((ended) => helve.engine.onRunEnded(quiet, [id], ended))));
  expect(sent.filter((id) => id === quiet)).toHaveLength(80);
  expect(sent.slice(0, sent.lastIndexOf(quiet)).filter((id) => id === loud).length).toBeLessThan(3000);
  await Promise.all(work);
});

test("a claim is shared among tenants, not among lines", async () => {
  const loud = helve.tenantId;
  const workers = [
    [loud, await busyWorker(loud, await put(loud, LINES), 5000)],
    [quiet, await busyWorker(quiet, await put(quiet, 1), 100)],
  ] as const;
  for (const [tenantId, { id }] of workers) await helve.engine.setWorkerPaused(tenantId, id, true);
  for (let line = 0; line < LINES; line++) await trigger(loud, line, 100);
  await trigger(quiet, 0, 60);
  await Promise.all(workers.map(([tenantId, { id }]) => helve.engine.setWorkerPaused(tenantId, id, false)));
  await expect.poll(() => sent.filter((id) => id === quiet).length, { timeout: 15_000 }).toBe(60);
  // One claim may have been made before the second worker was back, and the next one holds all of the quiet one's.
  expect(sent.lastIndexOf(quiet)).toBeLessThan(2500);
  await expect.poll(() => sent.length, { timeout: 15_000 }).toBe(LINES * 100 + 60);
});
