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

test("a workflow is paused and resumed in the words of both generations of clients, and says so", async () => {
  const { workflowId } = await rest.put({ name: "held", tasks: [{ readableId: "only", action: "held:only" }] });
  const url = `/api/v1/workflows/${workflowId}`;
  const worker = await rest.worker(["held:only"]);
  const patch = (body: object) => rest.call("PATCH", url, { body });
  const behaviors = { pausedWorkflowCronRunQueueBehavior: "DROP", pausedWorkflowScheduledRunQueueBehavior: "QUEUE" };
  const paused = { isPaused: true, ...behaviors };
  const answer = await patch({ pause: { action: "pause", ...behaviors, pausedWorkflowQueueTTL: "1d12h" } });
  expect([answer.status, answer.body]).toEqual([200, expect.objectContaining(paused)]);
  expect((await rest.get(url)).body).toMatchObject(paused);
  const { rows } = (await rest.get(`/api/v1/tenants/${rest.tenantId}/workflows?name=held`)).body;
  expect(rows[0]).toMatchObject(paused);

  const id = await rest.run("held");
  const waits = (await rest.get(`/api/v1/stable/workflow-runs/${id}/waits`)).body;
  expect(waits.rows[0].reasons[0]).toMatchObject({ rule: "paused", message: "workflow held is paused" });
  const stats = (await rest.get(`/api/v1/tenants/${rest.tenantId}/task-stats`)).body;
  expect(stats.only).toMatchObject({ queued: { total: 1 } });

  const resumed = await patch({ pause: { action: "unpause" } });
  expect(resumed.body).toMatchObject({ isPaused: false });
  expect(resumed.body).not.toHaveProperty("pausedWorkflowCronRunQueueBehavior");
  await worker.succeed(await worker.next());
  await rest.ended(id);

  expect((await patch({ isPaused: true })).body).toMatchObject({ isPaused: true });
  expect((await patch({ isPaused: false })).body).toMatchObject({ isPaused: false });
  worker.leave();
  for (const wrong of [
    {},
    { pause: { action: "stop" } },
    { pause: { action: "pause", pausedWorkflowQueueTTL: "soon" } },
    { pause: { action: "pause", pausedWorkflowCronRunQueueBehavior: "KEEP" } },
  ]) {
    expect((await patch(wrong)).status, JSON.stringify(wrong)).toBe(400);
  }
});

test("the slots for a workflow are those of the connected workers that can do one of its tasks", async () => {
  const { workflowId } = await rest.put({ name: "counted", tasks: [{ readableId: "only", action: "counted:only" }] });
  const count = async () =>
    (await rest.get(`/api/v1/tenants/${rest.tenantId}/workflows/${workflowId}/worker-count`)).body;
  expect(await count()).toEqual({ freeSlotCount: 0, maxSlotCount: 0 });
  const workers = [await rest.worker(["counted:only"], 3), await rest.worker(["counted:only", "x:y"], 4)];
  const other = await rest.worker(["x:y"], 10);
  await rest.run("counted");
  await expect.poll(count).toEqual({ freeSlotCount: 6, maxSlotCount: 7 });
  for (const worker of [...workers, other]) worker.leave();
});
