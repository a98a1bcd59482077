import { openDatabase } from "@helve/store";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { strayTask } from "../testing/stray-task.ts";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";
import { Maintenance } from "./maintenance.ts";

let cluster: TestCluster;
let helve: TestEngine;
beforeAll(async () => {
  cluster = await testCluster();
  helve = await cluster.start();
});
afterAll(() => cluster.end());
afterEach(() => void vi.useRealTimers());

test("each transaction that holds a snapshot is named once, and its age is told at each audit", async () => {
  const named: string[] = [];
  const ages: number[] = [];
  const observer = {
    snapshotHeld: ({ applicationName }: { applicationName: string }) => void named.push(applicationName),
    audited: (_: unknown, seconds: number) => void ages.push(seconds),
  } as unknown as ConstructorParameters<typeof Maintenance>[1];
  const maintenance = new Maintenance(helve.db, observer, 0);
  const forgetful = openDatabase({ url: cluster.url, maxConnections: 1, applicationName: "forgetful" });
  const whileHeld = (work: () => Promise<void>) =>
    forgetful.transaction(async (tx) => {
      await tx.query({ name: "", text: "set transaction isolation level repeatable read" });
      await tx.query({ name: "", text: "select from replica" });
      await work();
    });

  await whileHeld(async () => {
    await maintenance.audit();
    await maintenance.audit();
  });
  await whileHeld(() => maintenance.audit());
  await forgetful.close();

  expect(named.filter((name) => name === "forgetful")).toHaveLength(2);
  expect(ages[1]).toBeGreaterThan(ages[0] as number);
});

test("looks every minute, and tells of what breaks a promise until it is mended", async () => {
  await helve.put({ name: "work", tasks: [{ readableId: "work", action: "work:run" }] });
  const found: string[][] = [];
  let lastCount = -1;
  const observer = {
    violated: (violations: { rule: string }[]) => void found.push(violations.map(({ rule }) => rule).sort()),
    audited: (violations: unknown[]) => {
      lastCount = violations.length;
    },
    snapshotHeld: () => {},
  } as unknown as ConstructorParameters<typeof Maintenance>[1];
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const maintenance = new Maintenance(helve.db, observer);
  maintenance.start();
  await strayTask(helve, "01900000-0000-7000-8000-000000000000", "-2 minutes");

  for (let minute = 1; minute <= 2; minute++) {
    vi.advanceTimersByTime(60_000);
    await expect.poll(() => found).toHaveLength(minute);
  }
  expect(found[1]).toEqual([
    "a worker has no more tasks than slots",
    "every unfinished task run is acted on by its deadline",
  ]);
  expect(lastCount).toBe(2);

  await helve.query("delete from task_run");
  vi.advanceTimersByTime(60_000);
  await expect.poll(() => lastCount).toBe(0);
  expect(found).toHaveLength(2);
  await maintenance.stop();
});
