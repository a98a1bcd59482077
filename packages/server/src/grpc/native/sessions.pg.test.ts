import { once } from "node:events";
import { status } from "@grpc/grpc-js";
import { helve, v1 } from "@helve/contracts";
import { newRunId } from "@helve/core";
import { freshDatabase } from "@helve/store/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { assignmentOf, durable, endOf, FarEnd, openWorker } from "../../testing/far-end.ts";
import { call, type TestClient } from "../../testing/test-client.ts";
import { startTestServer, type TestServer } from "../../testing/test-server.ts";
import { putWorkflow, trigger } from "../../testing/test-worker.ts";

const { OUTCOME_STARTED, OUTCOME_SUCCEEDED, OUTCOME_FAILED, OUTCOME_ENDED, OUTCOME_RETURNED } = helve.Outcome;
const NOBODY = "00000000-0000-4000-8000-0000000000aa";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let server: TestServer;
let client: TestClient;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer(database.url);
  client = server.client;
});
afterAll(async () => {
  await server?.stop();
  await database?.drop();
});

const report = (task: helve.Assignment, outcome: helve.Outcome, payload = ""): helve.Report =>
  helve.Report.create({ taskId: task.taskId, attempt: task.attempt, outcome, payload });

function openClient(): FarEnd<helve.ClientFrame, helve.EngineToClient> {
  return new FarEnd(client.sessions.client(client.metadata));
}

test("a worker that speaks a later protocol is served with the engine's, and told what its log should say", async () => {
  const worker = openWorker(client, { protocol: 9 });
  expect(await worker.first((frame) => frame.registered)).toMatchObject({
    protocol: 1,
    notice: expect.stringMatching(/engine is older than the worker's SDK.* version 1 .* up to 9/),
  });
  worker.stream.end();
  await once(worker.stream, "end");
});

test("a worker registers, runs what it is given, and hears when it is durable", async () => {
  await putWorkflow(client, "native");
  const worker = openWorker(client, { actions: ["Native:Only"] });
  const registered = await worker.first((frame) => frame.registered);
  expect(registered).toMatchObject({ protocol: 1, tenantId: server.running.tenantId, heartbeatMs: 3_000 });
  expect(registered).toMatchObject({ lost: [], notice: "" });
  await worker.first(durable(1));

  const program = openClient();
  const runs = [
    { workflow: "native", input: '{"n": 1}', metadata: '{"k":"v"}' },
    { workflow: "native", input: "", metadata: "" },
  ];
  program.stream.write(helve.ClientFrame.create({ triggers: [{ request: 7, runs, wait: true }] }));
  const { runIds, refusal } = await program.first((frame) => frame.triggered.find(({ request }) => request === 7));
  expect(refusal).toBeUndefined();
  const [first, second] = runIds as [string, string];

  const one = await worker.first(assignmentOf(first));
  const two = await worker.first(assignmentOf(second));
  expect(one).toMatchObject({ action: "native:only", taskName: "only", input: '{"n": 1}', retryCount: 0, parents: "" });
  expect(JSON.parse(one.metadata)).toMatchObject({ k: "v" });
  const number = worker.send({
    reports: [
      report(one, OUTCOME_STARTED),
      report(one, OUTCOME_SUCCEEDED, '{"out": 1}'),
      report(two, OUTCOME_FAILED, "no money"),
    ],
    logs: [
      helve.LogLine.create({ taskId: one.taskId, attempt: 1, message: "hello", level: "INFO" }),
      helve.LogLine.create({ taskId: NOBODY, attempt: 1, message: "of nobody", level: "INFO" }),
    ],
  });
  await worker.first(durable(number));

  expect(await program.first(endOf(first))).toMatchObject({
    status: helve.RunStatus.RUN_STATUS_SUCCEEDED,
    tasks: [{ taskName: "only", output: '{"out": 1}' }],
  });
  expect(await program.first(endOf(second))).toMatchObject({
    status: helve.RunStatus.RUN_STATUS_FAILED,
    tasks: [{ error: "no money" }],
  });
  program.stream.end();
  await once(program.stream, "end");
  worker.stream.end();
  await once(worker.stream, "end");
});

test("a run that ended long ago is answered, and one that nobody knows is called unknown", async () => {
  await putWorkflow(client, "ended");
  const runId = await trigger(client, "ended");
  const program = openClient();

  program.stream.write(helve.ClientFrame.create({ subscribe: [runId, NOBODY, "no id"] }));
  expect(await program.first(endOf("no id"))).toMatchObject({ unknown: true });
  expect(await program.first(endOf(NOBODY))).toMatchObject({ unknown: true });
  program.stream.cancel();
});

test("a run names the worker it wants, by its labels or by its id", async () => {
  await putWorkflow(client, "wanted");
  const only = v1.CreateTaskOpts.create({ readableId: "only", action: "wanted:only" });
  const sticky = v1.CreateWorkflowVersionRequest.create({
    name: "stuck",
    tasks: [only],
    sticky: v1.StickyStrategy.HARD,
  });
  await call(client, v1.AdminServiceService.putWorkflow, sticky);
  const zone = (text: string): helve.Label[] => [{ key: "zone", value: { $case: "text", value: text } }];
  const a = openWorker(client, { actions: ["wanted:only"], labels: zone("a") });
  const b = openWorker(client, { actions: ["wanted:only"], labels: zone("b") });
  const { workerId } = await a.first((frame) => frame.registered);
  await b.first((frame) => frame.registered);

  const program = openClient();
  const runs = ["a", "b", "a"].map((strValue) =>
    helve.Trigger.create({ workflow: "wanted", desiredWorkerLabels: { zone: { strValue, required: true } } }),
  );
  runs.push(helve.Trigger.create({ workflow: "stuck", desiredWorkerId: workerId.toUpperCase() }));
  program.stream.write(helve.ClientFrame.create({ triggers: [{ request: 1, runs }] }));
  const { runIds } = await program.first((frame) => frame.triggered.find(({ request }) => request === 1));
  for (const [at, worker] of [a, b, a, a].entries()) {
    const task = await worker.first(assignmentOf(runIds[at] as string));
    worker.send({ reports: [report(task, OUTCOME_SUCCEEDED, "{}")] });
  }

  const bad = helve.Trigger.create({ workflow: "stuck", desiredWorkerId: "x" });
  program.stream.write(helve.ClientFrame.create({ triggers: [{ request: 2, runs: [bad] }] }));
  const refused = await program.first((frame) => frame.triggered.find(({ request }) => request === 2));
  expect(refused.refusal?.code).toBe("invalid_argument");
  program.stream.cancel();
  a.stream.end();
  b.stream.end();
  await Promise.all([once(a.stream, "end"), once(b.stream, "end")]);
});

test("a request that cannot be carried out is refused by itself", async () => {
  const program = openClient();
  const runs = [{ workflow: "no-such", input: "", metadata: "" }];

  program.stream.write(
    helve.ClientFrame.create({
      triggers: [
        { request: 1, runs },
        { request: 2, runs: [{ workflow: "x", input: "{bad" }] },
      ],
    }),
  );

  const refused = (request: number) => (frame: helve.EngineToClient) =>
    frame.triggered.find((reply) => reply.request === request);
  expect(await program.first(refused(1))).toMatchObject({ runIds: [], refusal: { code: "invalid_argument" } });
  expect((await program.first(refused(2))).refusal?.message).toContain("invalid json in field `payload`");
  program.stream.cancel();
});

test("a trigger that is sent again on another stream is answered with the same run, and starts no second one", async () => {
  await putWorkflow(client, "again");
  const worker = openWorker(client, { actions: ["again:only"], slots: { default: 2 } });
  await worker.first(durable(1));
  const runId = newRunId();
  const request = { request: 1, runs: [{ workflow: "again", input: "", metadata: "", runId }], wait: true };
  const broken = openClient();
  broken.stream.write(helve.ClientFrame.create({ triggers: [request] }));
  const task = await worker.first(assignmentOf(runId));
  broken.stream.cancel();
  await worker.first(durable(worker.send({ reports: [report(task, OUTCOME_SUCCEEDED, "1")] })));

  const program = openClient();
  program.stream.write(helve.ClientFrame.create({ triggers: [{ ...request, again: true }] }));
  expect((await program.first((frame) => frame.triggered[0])).runIds).toEqual([runId]);
  expect(await program.first(endOf(runId))).toMatchObject({ tasks: [{ output: "1" }] });
  expect(worker.all.flatMap((frame) => frame.assignments)).toHaveLength(1);
  program.stream.cancel();
  worker.stream.cancel();
});

const DAY_MS = 24 * 3_600_000;
test.each([
  ["no UUIDv7", { runId: "01900000-0000-4000-8000-000000000000" }, "must be a UUIDv7 whose last 16 bits are zero"],
  ["of long ago", { runId: newRunId(Date.now() - 2 * DAY_MS) }, "must be new"],
  ["far ahead", { runId: newRunId(Date.now() + 2 * DAY_MS) }, "must be new"],
  ["for a child", { runId: newRunId(), parentTaskId: NOBODY }, "must be empty for a child"],
])("an id of the client's choice that is %s is refused", async (_what, ids, text) => {
  const program = openClient();
  const runs = [{ workflow: "x", input: "", metadata: "", ...ids }];
  program.stream.write(helve.ClientFrame.create({ triggers: [{ request: 1, runs }] }));
  const { refusal } = await program.first((frame) => frame.triggered[0]);
  expect(refusal).toMatchObject({ code: "invalid_argument", message: expect.stringContaining(text) });
  program.stream.cancel();
});

test("a cancelled attempt holds its slot until its worker, and no other, says that its code has ended", async () => {
  await putWorkflow(client, "slot");
  const worker = openWorker(client, { actions: ["slot:only"], slots: { default: 1 } });
  const other = openWorker(client, { actions: ["slot:none"] });
  const runId = await trigger(client, "slot");
  const task = await worker.first(assignmentOf(runId));
  const waiting = await trigger(client, "slot");

  await call(client, v1.AdminServiceService.cancelTasks, { externalIds: [runId] });
  const cancel = await worker.first((frame) => frame.cancels.find(({ taskId }) => taskId === task.taskId));
  expect(cancel.attempt).toBe(1);
  await other.first(durable(other.send({ reports: [report(task, OUTCOME_ENDED)] })));
  await worker.first(durable(worker.send({ labels: [{ key: "zone", value: { $case: "text", value: "a" } }] })));
  expect(worker.all.flatMap((frame) => frame.assignments)).toHaveLength(1);
  worker.send({ reports: [report(task, OUTCOME_ENDED)] });

  const next = await worker.first(assignmentOf(waiting));
  worker.send({ reports: [report(next, OUTCOME_SUCCEEDED, "{}")] });
  worker.stream.end();
  other.stream.end();
  await Promise.all([once(worker.stream, "end"), once(other.stream, "end")]);
});

test("a worker that returns keeps what it holds and hears what it has lost", async () => {
  await putWorkflow(client, "return");
  const connection = server.connect();
  const worker = openWorker(connection, { actions: ["return:only"] });
  const { workerId } = await worker.first((frame) => frame.registered);
  const runId = await trigger(client, "return");
  const task = await worker.first(assignmentOf(runId));
  worker.send({ reports: [report(task, OUTCOME_STARTED)] });
  worker.stream.cancel();

  const holding = [
    { taskId: task.taskId, attempt: 1 },
    { taskId: NOBODY, attempt: 1 },
  ];
  const returned = openWorker(server.connect(), { workerId, holding });
  expect(await returned.first((frame) => frame.registered)).toMatchObject({
    workerId,
    lost: [{ taskId: NOBODY, attempt: 1 }],
  });
  const number = returned.send({ reports: [report(task, OUTCOME_SUCCEEDED, "{}")] });
  await returned.first(durable(number));

  const program = openClient();
  program.stream.write(helve.ClientFrame.create({ subscribe: [runId] }));
  expect(await program.first(endOf(runId))).toMatchObject({ status: helve.RunStatus.RUN_STATUS_SUCCEEDED });
  program.stream.cancel();
  returned.stream.end();
});

test("an attempt that a stopping worker gives back goes to another", async () => {
  await putWorkflow(client, "given-back");
  const first = openWorker(client, { actions: ["given-back:only"] });
  const runId = await trigger(client, "given-back");
  const task = await first.first(assignmentOf(runId));

  first.send({ draining: true });
  first.send({ reports: [report(task, OUTCOME_RETURNED)] });
  const second = openWorker(client, { actions: ["given-back:only"] });

  const again = await second.first(assignmentOf(runId, 2));
  second.send({ reports: [report(again, OUTCOME_SUCCEEDED, "{}")] });
  first.stream.end();
  second.stream.end();
  await Promise.all([once(first.stream, "end"), once(second.stream, "end")]);
});

test("refreshing a timeout answers with the deadline, or with why not", async () => {
  await putWorkflow(client, "refreshed", { timeout: "10s" });
  const worker = openWorker(client, { actions: ["refreshed:only"] });
  const runId = await trigger(client, "refreshed");
  const task = await worker.first(assignmentOf(runId));

  worker.send({
    refreshTimeouts: [
      { request: 1, taskId: task.taskId, incrementMs: 60_000 },
      { request: 2, taskId: NOBODY, incrementMs: 60_000 },
    ],
  });

  const answer = (request: number) => (frame: helve.EngineToWorker) =>
    frame.timeoutsRefreshed.find((refreshed) => refreshed.request === request);
  expect((await worker.first(answer(1))).deadlineAt).toBeGreaterThan(Date.now() + 60_000);
  expect(await worker.first(answer(2))).toMatchObject({ refusal: { code: "not_found" } });
  worker.send({ reports: [report(task, OUTCOME_SUCCEEDED, "{}")] });
  worker.stream.end();
  await once(worker.stream, "end");
});

test.each([
  ["no registration", undefined, status.INVALID_ARGUMENT],
  ["a name that is none", { protocol: 1, name: "a b" }, status.INVALID_ARGUMENT],
  ["no protocol", { protocol: 0, name: "w" }, status.INVALID_ARGUMENT],
  ["a worker's id that is none", { protocol: 1, name: "w", workerId: "x" }, status.INVALID_ARGUMENT],
  ["the id of a worker that is not known", { protocol: 1, name: "w", workerId: NOBODY }, status.NOT_FOUND],
])("a stream that begins with %s ends", async (_what, register, code) => {
  const stream = client.sessions.worker(client.metadata);
  stream.write(helve.WorkerFrame.create({ number: 1, ...(register && { register }) }));

  await expect(once(stream, "data")).rejects.toMatchObject({ code });
});
