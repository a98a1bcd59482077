import { readFile } from "node:fs/promises";
import { DispatcherService, StepActionEvent, StepActionEventType, v1, WorkflowServiceService } from "@helve/contracts";
import { freshDatabase } from "@helve/store/testing";
import pino from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, testClient } from "./testing/test-client.ts";
import { startTestServer, type TestServer } from "./testing/test-server.ts";
import { putWorkflow, startWorker } from "./testing/test-worker.ts";

const { STEP_EVENT_TYPE_COMPLETED, STEP_EVENT_TYPE_FAILED } = StepActionEventType;
const GUIDE = new URL("../../../docs/guides/monitoring.md", import.meta.url);
const SECRET = "hush-hush";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let server: TestServer;
const lines: string[] = [];
beforeAll(async () => {
  database = await freshDatabase();
  const log = pino({ level: "trace", base: null }, { write: (line: string) => void lines.push(line) });
  server = await startTestServer(database.url, { log });
});
afterAll(async () => {
  await server?.stop();
  await database?.drop();
});

/** A run that fails, a report that is late, and requests of every kind that is refused, all full of secrets. */
async function live(): Promise<void> {
  const { client, token, running } = server;
  await putWorkflow(client, "secretive");
  const worker = await startWorker(client, "secretive:only");
  const texts = { input: `{"a":"${SECRET}"}`, additionalMetadata: `{"a":"${SECRET}"}` };
  const trigger = v1.TriggerWorkflowRequest.create({ name: "secretive", ...texts });
  await call(client, WorkflowServiceService.triggerWorkflow, trigger);
  const action = await worker.next();
  await worker.report(action, STEP_EVENT_TYPE_FAILED, SECRET);
  await worker.report(action, STEP_EVENT_TYPE_COMPLETED, `{"late":"${SECRET}"}`);
  const broken = v1.TriggerWorkflowRequest.create({ name: "secretive", input: `{"${SECRET}` });
  await call(client, WorkflowServiceService.triggerWorkflow, broken).catch(() => {});
  const lost = StepActionEvent.create({ taskRunExternalId: SECRET, eventType: STEP_EVENT_TYPE_FAILED });
  await call(client, DispatcherService.sendStepActionEvent, lost).catch(() => {});
  const filter = v1.TasksFilter.create({ since: new Date(0), additionalMetadata: [`a:${SECRET}`] });
  await call(client, v1.AdminServiceService.cancelTasks, v1.CancelTasksRequest.create({ filter }));
  const stranger = testClient({ grpcAddress: running.grpcAddress, token: `${token}-${SECRET}` });
  await call(stranger, DispatcherService.getVersion, {}).catch(() => {});
  stranger.close();
  const cancel = { filter: { since: "2020-01-01T00:00:00Z", additionalMetadata: [`a:${SECRET}`] } };
  for (const [path, body] of [
    ["tasks/cancel", JSON.stringify(cancel)],
    ["workflow-runs/trigger", `{"workflowName":"secretive","input":{"a":"${SECRET}`],
  ]) {
    await fetch(`${running.httpUrl}/api/v1/stable/tenants/${running.tenantId}/${path}?q=${SECRET}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: body as string,
    });
  }
  worker.stream.cancel();
}

test("nothing that is secret gets into the log, and every field has a name that the guide lists", async () => {
  await live();

  const text = lines.join("");
  expect(text).toContain("report came too late");
  expect(text.match(/runs found for a bulk operation/g)).toHaveLength(2);
  expect(text).not.toContain(SECRET);
  expect(text).not.toContain(server.token);
  expect(text).not.toContain(server.token.split(".")[2]);

  const guide = await readFile(GUIDE, "utf8");
  const listed = new Set([...guide.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name));
  const used = new Set(lines.flatMap((line) => Object.keys(JSON.parse(line) as object)));
  expect([...used].filter((name) => !listed.has(name))).toEqual([]);
});
