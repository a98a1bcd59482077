import { afterAll, beforeAll, expect, test } from "vitest";
import { type RestFixture, restFixture } from "../testing/rest-fixture.ts";

let rest: RestFixture;
beforeAll(async () => {
  rest = await restFixture();
});
afterAll(() => rest.close());

test("tells when tasks waited and ran, and down to a depth those of the runs that they have started", async () => {
  const step = (readableId: string, parents: string[] = []) => ({ readableId, action: `t:${readableId}`, parents });
  await rest.put({ name: "parent", tasks: [step("a"), step("b", ["a"])] });
  await rest.put({ name: "child", tasks: [step("c"), step("d", ["c"])] });
  await rest.put({ name: "leaf", tasks: [step("e")] });
  const worker = await rest.worker(["t:a", "t:c", "t:e"]);
  const run = await rest.run("parent");
  const a = await worker.next();
  const child = await rest.run("child", { parentTaskId: a.id, childIndex: 0 });
  const c = await worker.next();
  const leaf = (childIndex: number) => rest.run("leaf", { parentTaskId: c.id, childIndex });
  const [first, second] = [await leaf(0), await leaf(1)];
  await worker.succeed(await worker.next());
  await rest.ended(first);
  const timings = async (depth: number) =>
    (await rest.get(`/api/v1/stable/workflow-runs/${run}/task-timings?depth=${depth}`)).body.rows;

  const names = async (depth: number) =>
    (await timings(depth)).map(
      (row: { depth: number; taskDisplayName: string }) => `${row.depth}${row.taskDisplayName.replace(/-\d+$/, "")}`,
    );
  expect(await names(0)).toEqual(["0a", "0b"]);
  expect(await names(1)).toEqual(["0a", "1c", "1d", "0b"]);
  expect(await names(10)).toEqual(["0a", "1c", "2e", "2e", "1d", "0b"]);
  const rows = await timings(2);
  expect(rows[1]).toMatchObject({ taskExternalId: c.id, parentTaskExternalId: a.id, workflowRunId: child, attempt: 1 });
  expect(rows[2]).toMatchObject({ taskExternalId: first, parentTaskExternalId: c.id, status: "COMPLETED" });
  expect(Date.parse(rows[2].finishedAt)).toBeGreaterThanOrEqual(Date.parse(rows[2].queuedAt));
  expect(rows[3]).toMatchObject({ taskExternalId: second, status: "RUNNING" });
  expect(rows[5]).not.toHaveProperty("startedAt");
  expect((await rest.get(`/api/v1/stable/workflow-runs/${run}/task-timings?depth=11`)).status).toBe(400);
  worker.leave();
});
