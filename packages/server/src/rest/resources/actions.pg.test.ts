import { afterAll, beforeAll, expect, test } from "vitest";
import { type RestFixture, restFixture } from "../testing/rest-fixture.ts";

let rest: RestFixture;
beforeAll(async () => {
  rest = await restFixture();
});
afterAll(() => rest.close());

const actions = async (query = "") => (await rest.get(`/api/v1/tenants/${rest.tenantId}/actions${query}`)).body.rows;

test("says which actions no connected worker has, who needs them, and what waits for them", async () => {
  const task = (readableId: string, parents: string[] = []) => ({ readableId, action: `mail:${readableId}`, parents });
  const { workflowId } = await rest.put({ name: "mail", tasks: [task("render"), task("send", ["render"])] });
  const digest = await rest.put({ name: "digest", tasks: [{ readableId: "dispatch", action: "mail:send" }] });
  const worker = await rest.worker(["mail:render", "of-nobody"]);
  await rest.run("digest");

  const send = {
    action: "mail:send",
    workers: 0,
    queued: 1,
    oldest: expect.stringMatching(/^\d{4}-/),
    workflows: [
      { id: digest.workflowId, name: "digest", taskName: "dispatch" },
      { id: workflowId, name: "mail", taskName: "send" },
    ],
  };
  const render = {
    action: "mail:render",
    workers: 1,
    queued: 0,
    workflows: [expect.objectContaining({ name: "mail" })],
  };
  expect(await actions()).toEqual([render, send]);
  expect(await actions("?unserved=true")).toEqual([send]);

  // A new shape of the workflow leaves what waits with an action that nothing needs any more.
  await rest.put({ name: "digest", tasks: [{ readableId: "dispatch", action: "mail:render" }] });
  await rest.put({ name: "mail", tasks: [task("render")] });
  expect(await actions("?unserved=true")).toEqual([{ ...send, workflows: [] }]);
  worker.leave();
});
