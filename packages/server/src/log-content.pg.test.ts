import { readFile } from "node:fs/promises";
import {
  DispatcherService,
  HeartbeatRequest,
  StepActionEvent,
  StepActionEventType,
  v1,
  WorkflowServiceService,
} from "@helve/contracts";
import { openDatabase } from "@helve/store";
import { freshDatabase } from "@helve/store/testing";
import pino from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serve } from "./main.ts";
import { call, testClient } from "./testing/test-client.ts";
import { startTestServer, type TestServer } from "./testing/test-server.ts";
import { putWorkflow, startWorker } from "./testing/test-worker.ts";

const { STEP_EVENT_TYPE_COMPLETED, STEP_EVENT_TYPE_FAILED } = StepActionEventType;
const GUIDE = new URL("../../../docs/guides/monitoring.md", import.meta.url);
const SECRET = "hush-hush";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let server: TestServer;
const lines: string[] = [];
const log = pino({ level: "trace", base: null }, { write: (line: string) => void lines.push(line) });
/** Tokens beside that of the server. */
const scoped: string[] = [];
beforeAll(async () => {
  database = await freshDatabase();
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
  await cutOffFromPostgres();
  const wrong = database.url.replace(`:${new URL(database.url).password}@`, `:${SECRET}@`);
  const refused = await serve({ databaseUrl: wrong, grpcPort: 0, httpPort: 0, log }).catch((error: Error) => error);
  expect(refused).toMatchObject({ message: expect.stringMatching(/^no connection to the database: password/) });
  const natsUrl = `nats://helve:${SECRET}@127.0.0.1:1`;
  const withoutNats = await serve({ databaseUrl: database.url, natsUrl, grpcPort: 0, httpPort: 0, log });
  await withoutNats.stop();
}

/** Every connection breaks, under calls of a token that may do little. */
async function cutOffFromPostgres(): Promise<void> {
  const token = await server.running.mintToken("reader", "read");
  scoped.push(token);
  const reader = testClient({ grpcAddress: server.running.grpcAddress, token });
  await call(reader, DispatcherService.getVersion, {});
  await call(reader, DispatcherService.heartbeat, HeartbeatRequest.create({ workerId: SECRET })).catch(() => {});
  reader.close();
  const db = openDatabase({ url: database.url, maxConnections: 1, applicationName: "cut" });
  const cut = `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'helve-%'
                  and datname = current_database()`;
  const run = v1.TriggerWorkflowRequest.create({ name: "secretive", input: `{"a":"${SECRET}"}` });
  // Some call is met by it sooner or later.
  while (!lines.some((line) => line.includes("terminating connection"))) {
    await db.query({ name: "", text: cut });
    await call(server.client, WorkflowServiceService.triggerWorkflow, run).catch(() => {});
  }
  await db.close();
}

test("nothing that is secret gets into the log, and every field has a name that the guide lists", async () => {
  await live();

  const text = lines.join("");
  expect(text).toContain("report came too late");
  expect(text).toContain("connecting to NATS");
  expect(text.match(/runs found for a bulk operation/g)).toHaveLength(2);
  const figures = await (await fetch(`${server.running.httpUrl}/metrics`)).text();
  expect(figures).toContain("helve_");
  const { password } = new URL(database.url);
  const signatures = [server.token, ...scoped].map((token) => token.split(".")[2] as string);
  for (const secret of [SECRET, password, ...signatures]) {
    expect(secret.length).toBeGreaterThan(5);
    expect(text).not.toContain(secret);
    expect(figures).not.toContain(secret);
  }

  const guide = await readFile(GUIDE, "utf8");
  const listed = new Set([...guide.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name));
  const used = new Set(lines.flatMap((line) => Object.keys(JSON.parse(line) as object)));
  expect([...used].filter((name) => !listed.has(name))).toEqual([]);
});
