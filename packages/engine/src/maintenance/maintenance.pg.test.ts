import { openDatabase } from "@helve/store";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";
import { Maintenance } from "./maintenance.ts";

let cluster: TestCluster;
let helve: TestEngine;
beforeAll(async () => {
  cluster = await testCluster();
  helve = await cluster.start();
});
afterAll(() => cluster.end());

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
