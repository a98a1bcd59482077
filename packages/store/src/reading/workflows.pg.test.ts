import { afterAll, beforeAll, expect, test } from "vitest";
import { type ReadingFixture, readingFixture } from "./reading-fixture.ts";

let fixture: ReadingFixture;

beforeAll(async () => {
  fixture = await readingFixture();
});
afterAll(() => fixture.drop());

async function names(name?: string, limit = 50, offset = 0): Promise<string[]> {
  const { workflows } = await fixture.reading.listWorkflows(fixture.tenantId, { name, limit, offset });
  return workflows.map((workflow) => workflow.name);
}

test("lists workflows newest first, and the one that is called so before those that contain the name", async () => {
  for (const name of ["dag", "my-dag", "other", "DAG-2"]) await fixture.workflow(name);
  expect(await names()).toEqual(["DAG-2", "other", "my-dag", "dag"]);
  expect(await names("dag")).toEqual(["dag", "DAG-2", "my-dag"]);
  expect(await names("d_g")).toEqual([]);
  expect(await names(undefined, 2, 1)).toEqual(["other", "my-dag"]);
  const page = await fixture.reading.listWorkflows(fixture.tenantId, { limit: 1, offset: 0 });
  expect(page.total).toBe(4);
});

test("a workflow comes with its newest version", async () => {
  const first = await fixture.workflow("twice", { a: [] });
  const second = await fixture.workflow("twice", { a: [], b: ["a"] });
  expect(second.version.workflowId).toBe(first.version.workflowId);
  const workflow = await fixture.reading.getWorkflow(fixture.tenantId, first.version.workflowId);
  expect(workflow).toMatchObject({ name: "twice", versionId: second.version.id });
  const ids = [first.version.id, second.version.id, fixture.tenantId, first.version.id];
  const versions = await fixture.reading.getVersions(ids);
  expect([...versions.keys()]).toEqual([first.version.id, second.version.id]);
  expect(versions.get(second.version.id)?.definition.tasks).toHaveLength(2);
});

test("queue lengths count what stands in line, by action", async () => {
  const plain = await fixture.workflow("plain");
  const diamond = await fixture.workflow("diamond", { a: [], b: ["a"] });
  await fixture.standalone(plain);
  await fixture.standalone(plain);
  await fixture.standalone(plain, { status: "assigned" });
  await fixture.dag(diamond);
  const lengths = await fixture.reading.queueLengths(fixture.tenantId);
  expect(Object.fromEntries(lengths)).toEqual({ "plain:run": 2, "diamond:run": 1 });
});
