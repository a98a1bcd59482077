import { afterAll, beforeAll, expect, test } from "vitest";
import { OTHER_TOKEN, type RestFixture, restFixture } from "../testing/rest-fixture.ts";

let rest: RestFixture;
beforeAll(async () => {
  rest = await restFixture();
});
afterAll(() => rest.close());

const definition = { name: "old", tasks: [{ readableId: "only", action: "old:only" }] };

test("a deleted workflow is gone, its runs are not, and its name is free at once", async () => {
  const { workflowId } = await rest.put(definition);
  const url = `/api/v1/workflows/${workflowId}`;
  const waiting = await rest.run("old");
  expect((await rest.call("DELETE", url, { token: OTHER_TOKEN })).status).toBe(403);

  const deleted = await rest.call("DELETE", url);
  expect([deleted.status, deleted.text]).toEqual([204, ""]);
  for (const gone of [url, `${url}/versions`]) expect((await rest.get(gone)).status).toBe(404);
  expect((await rest.call("DELETE", url)).status).toBe(404);
  expect((await rest.get(`/api/v1/tenants/${rest.tenantId}/workflows`)).body.rows).toEqual([]);
  await expect(rest.run("old")).rejects.toThrow("workflow names not found: old");

  const worker = await rest.worker(["old:only"]);
  await worker.succeed(await worker.next());
  await rest.ended(waiting);
  const query = "since=2020-01-01T00:00:00Z&only_tasks=false";
  const { rows } = (await rest.get(`/api/v1/stable/tenants/${rest.tenantId}/workflow-runs?${query}`)).body;
  expect(rows).toMatchObject([{ status: "COMPLETED", workflowName: "old" }]);

  const again = await rest.put(definition);
  expect(again.workflowId).not.toBe(workflowId);
  const next = await rest.run("old");
  await worker.succeed(await worker.next());
  await rest.ended(next);
  worker.leave();
});
