import { status } from "@grpc/grpc-js";
import { helve, v1, WorkflowServiceService } from "@helve/contracts";
import { openDatabase } from "@helve/store";
import { freshDatabase } from "@helve/store/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeSample, METHODS, samples } from "../testing/fuzz/messages.ts";
import { REFUSED_MS, rawCall } from "../testing/raw-call.ts";
import { runningTask } from "../testing/running-task.ts";
import { tenantContent } from "../testing/tenant-content.ts";
import { call, type TestClient, testClient } from "../testing/test-client.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";
import { trigger } from "../testing/test-worker.ts";
import { type TokensOfAllKinds, tokensOfAllKinds } from "../testing/tokens-of-all-kinds.ts";
import { CALLS, scopeProblem } from "./permissions.ts";

const SECRET = "nobody else reads this";
const TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let server: TestServer;
let db: ReturnType<typeof openDatabase>;
let tokens: TokensOfAllKinds;
let requests: ReturnType<typeof samples>;
let taskId: string;
const clients: TestClient[] = [];
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer(database.url);
  db = openDatabase({ url: database.url, maxConnections: 2, applicationName: "permissions" });
  tokens = await tokensOfAllKinds(db, server.running.tenantId);
  const running = await runningTask(server, db, "guarded", { secret: SECRET });
  taskId = running.taskId;
  requests = samples({ workflow: "guarded", action: "guarded:only", ...running });
});
afterAll(async () => {
  for (const client of clients) client.close();
  await db?.close();
  await server?.stop();
  await database?.drop();
});

function connect(token: string | undefined): TestClient {
  const client = testClient({ grpcAddress: server.running.grpcAddress, token });
  clients.push(client);
  return client;
}

const content = () => tenantContent(db, server.running.tenantId);

test("the table has every call of every contract, and no other", () => {
  expect(Object.keys(CALLS).sort()).toEqual([...METHODS.map(({ path }) => path), TRACES].sort());
});

describe.each(METHODS.map((method) => [method.path, method] as const))("%s", (path, method) => {
  const good = () => {
    const sample = requests[path];
    return sample ? encodeSample(method, sample) : Buffer.alloc(0);
  };

  test.each(["none", "malformed", "expired", "revoked", "foreign"] as const)("refuses a token: %s", async (kind) => {
    const before = await content();
    const { code, details } = await rawCall(connect(tokens.bad[kind]), method, good(), REFUSED_MS);
    expect([status[code], details]).toEqual(["UNAUTHENTICATED", "invalid auth token"]);
    expect(await content()).toBe(before);
  });

  test.each(["worker", "trigger", "read"] as const)("holds to the table for the scope %s", async (scope) => {
    const problem = scopeProblem(scope, CALLS[path], path);
    const before = await content();
    // What is allowed is not to be done: an empty request is none that could be carried out.
    const [request, streamMs] = problem === undefined ? [Buffer.alloc(0)] : [good(), REFUSED_MS];
    const { code, details } = await rawCall(connect(tokens[scope]), method, request, streamMs);
    if (problem === undefined) expect(`${status[code]} ${details}`).not.toMatch(/UNAUTHENTICATED|needs .*admin/);
    else expect([status[code], details]).toEqual(["PERMISSION_DENIED", problem]);
    expect(await content()).toBe(before);
  });

  test("neither shows nor changes anything for another tenant", async () => {
    const before = await content();
    const { code, details, bytes } = await rawCall(connect(tokens.otherTenant), method, good());
    expect(["INTERNAL", "UNKNOWN", "UNAUTHENTICATED"]).not.toContain(status[code]);
    if (code !== status.OK) expect(details).not.toBe("");
    expect(bytes.toString("latin1") + details).not.toContain(SECRET);
    expect(await content()).toBe(before);
  });
});

describe("what stands in a call", () => {
  const start = (more: object) => v1.TriggerWorkflowRequest.create({ name: "guarded", input: "{}", ...more });
  const run = (token: string, more = {}) => call(connect(token), WorkflowServiceService.triggerWorkflow, start(more));
  const noChild = { code: status.PERMISSION_DENIED, details: expect.stringContaining("only as children of a task") };

  test("a worker's token starts children and nothing else", async () => {
    await expect(run(tokens.worker)).rejects.toMatchObject(noChild);
    const workflows = [start({ parentTaskRunExternalId: taskId, childIndex: 1 }), start({})];
    await expect(
      call(connect(tokens.worker), WorkflowServiceService.bulkTriggerWorkflow, { workflows }),
    ).rejects.toMatchObject(noChild);
    const stranger = { parentTaskRunExternalId: "00000000-0000-4000-8000-000000000001" };
    await expect(run(tokens.worker, stranger)).rejects.toMatchObject({ code: status.NOT_FOUND });

    await expect(run(tokens.worker, { parentTaskRunExternalId: taskId, childIndex: 2 })).resolves.toBeDefined();
    await expect(run(tokens.trigger)).resolves.toBeDefined();
  });

  test("a filter may mean what others have started, so it takes the scope admin", async () => {
    const filter = v1.TasksFilter.create({ since: new Date(0) });
    const { cancelTasks, replayTasks } = v1.AdminServiceService;
    const byFilter = { externalIds: [], filter };
    const denied = {
      code: status.PERMISSION_DENIED,
      details: expect.stringContaining("by a filter it takes the scope admin"),
    };
    await expect(call(connect(tokens.trigger), cancelTasks, byFilter)).rejects.toMatchObject(denied);
    await expect(call(connect(tokens.worker), replayTasks, byFilter)).rejects.toMatchObject(denied);
    const runId = await trigger(connect(tokens.trigger), "guarded");
    const cancel = { externalIds: [runId] };
    await expect(call(connect(tokens.trigger), v1.AdminServiceService.cancelTasks, cancel)).resolves.toBeDefined();
  });

  test.each([
    ["read", {}, "permission_denied"],
    ["worker", {}, "permission_denied"],
    ["worker", { parentTaskId: true, childIndex: 7 }, undefined],
    ["trigger", {}, undefined],
  ] as const)("triggers on a native stream are looked at one by one: %s %j", async (scope, more, code) => {
    const client = connect(tokens[scope]);
    const stream = client.sessions.client(client.metadata);
    const one = { workflow: "guarded", input: "{}", metadata: "", ...more };
    const runs = [{ ...one, parentTaskId: "parentTaskId" in more ? taskId : undefined }];
    const answered = new Promise<helve.EngineToClient>((resolve) => stream.once("data", resolve));
    stream.on("error", () => {});
    stream.write(helve.ClientFrame.create({ triggers: [{ request: 1, runs }] }));
    const [reply] = (await answered).triggered;
    expect(reply?.refusal?.code).toBe(code);
    expect(reply?.runIds).toHaveLength(code === undefined ? 1 : 0);
    stream.cancel();
  });
});
