import { once } from "node:events";
import { status } from "@grpc/grpc-js";
import {
  ActionType,
  DispatcherService,
  EventsServiceService,
  PutLogRequest,
  PutStreamEventRequest,
  ReleaseSlotRequest,
  ResourceEventType,
  StepActionEvent,
  StepActionEventType,
  v1,
  WorkerLabels,
  WorkerRegisterRequest,
  type WorkflowEvent,
  type WorkflowRunEvent,
} from "@helve/contracts";
import { freshDatabase } from "@helve/store/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, type TestClient } from "../testing/test-client.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";
import { putWorkflow, startWorker, trigger } from "../testing/test-worker.ts";

const { STEP_EVENT_TYPE_STARTED, STEP_EVENT_TYPE_COMPLETED, STEP_EVENT_TYPE_FAILED } = StepActionEventType;
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

/** Asks for the end of a run on a stream of its own. */
async function ended(runId: string, times = 1): Promise<WorkflowRunEvent> {
  const stream = client.dispatcher.subscribeToWorkflowRuns(client.metadata);
  stream.on("error", () => {});
  for (let i = 0; i < times; i++) stream.write({ workflowRunId: runId });
  const [event] = (await once(stream, "data")) as [WorkflowRunEvent];
  stream.end();
  await once(stream, "end");
  return event;
}

test("a run goes to a worker, and its result to who waits for it, byte for byte", async () => {
  await putWorkflow(client, "plain");
  const worker = await startWorker(client, "plain:only");

  const runId = await trigger(client, "plain", { n: 1 });
  const action = await worker.next();
  expect(action).toMatchObject({
    workflowRunId: runId,
    taskRunExternalId: runId,
    actionType: ActionType.START_STEP_RUN,
    retryCount: 0,
  });
  expect(JSON.parse(action.actionPayload).input).toEqual({ n: 1 });
  const waiting = ended(runId);
  await worker.report(action, STEP_EVENT_TYPE_STARTED);
  await worker.report(action, STEP_EVENT_TYPE_COMPLETED, '{"n": 12345678901234567890}');

  const output = '{"n": 12345678901234567890}';
  expect((await waiting).results).toMatchObject([{ taskRunExternalId: runId, taskName: "only", output }]);
  // Also when it ended before anyone asked, and when one asks twice.
  expect((await ended(runId, 2)).results).toMatchObject([{ output }]);
  const details = await call(client, v1.AdminServiceService.getRunDetails, { externalId: runId });
  expect(details).toMatchObject({ done: true, status: v1.RunStatus.COMPLETED });
  expect(details.taskRuns.only?.output?.toString()).toBe(output);
  worker.stream.cancel();
});

test("an output that is no JSON fails the attempt, which is tried again", async () => {
  await putWorkflow(client, "bad-output", { retries: 1 });
  const worker = await startWorker(client, "bad-output:only");

  const runId = await trigger(client, "bad-output");
  await worker.report(await worker.next(), STEP_EVENT_TYPE_COMPLETED, "{bad");
  const second = await worker.next();
  expect(second).toMatchObject({ taskRunExternalId: runId, retryCount: 1 });
  await worker.report(second, STEP_EVENT_TYPE_FAILED, "no more", { shouldNotRetry: true });

  expect((await ended(runId)).results).toMatchObject([{ error: "no more" }]);
  worker.stream.cancel();
});

test("a cancel reaches the worker, and the run ends with an error that is not empty", async () => {
  await putWorkflow(client, "cancelled");
  const worker = await startWorker(client, "cancelled:only");
  const runId = await trigger(client, "cancelled");
  const start = await worker.next();

  const request = v1.CancelTasksRequest.create({ externalIds: [runId] });
  await expect(call(client, v1.AdminServiceService.cancelTasks, request)).resolves.toEqual({ cancelledTasks: [runId] });

  expect(await worker.next()).toMatchObject({
    actionType: ActionType.CANCEL_STEP_RUN,
    taskRunExternalId: start.taskRunExternalId,
    actionPayload: "",
  });
  expect((await ended(runId)).results[0]?.error).not.toBe("");
  // A second time there is nothing to cancel.
  await expect(call(client, v1.AdminServiceService.cancelTasks, request)).resolves.toEqual({ cancelledTasks: [] });
  worker.stream.cancel();
});

test("cancels the runs that a filter means", async () => {
  await putWorkflow(client, "filtered");
  const runId = await trigger(client, "filtered");
  await putWorkflow(client, "others");
  const other = await trigger(client, "others");
  const { workflowId } = await call(
    client,
    v1.AdminServiceService.putWorkflow,
    v1.CreateWorkflowVersionRequest.create({
      name: "filtered",
      tasks: [v1.CreateTaskOpts.create({ readableId: "only", action: "filtered:only" })],
    }),
  );

  const filter = v1.TasksFilter.create({ workflowIds: [workflowId], statuses: ["QUEUED"] });
  const request = v1.CancelTasksRequest.create({ filter });
  await expect(call(client, v1.AdminServiceService.cancelTasks, request)).resolves.toEqual({ cancelledTasks: [runId] });

  const details = await call(client, v1.AdminServiceService.getRunDetails, { externalId: other });
  expect(details.status).toBe(v1.RunStatus.QUEUED);
});

test("an event stream shows the chunks in order and the end of the run, and ends with it", async () => {
  await putWorkflow(client, "streamed");
  const worker = await startWorker(client, "streamed:only");
  const runId = await trigger(client, "streamed");
  const action = await worker.next();
  const stream = client.dispatcher.subscribeToWorkflowEvents({ workflowRunId: runId }, client.metadata);
  const events: WorkflowEvent[] = [];
  stream.on("data", (event: WorkflowEvent) => events.push(event));
  const put = (index: number): Promise<unknown> =>
    call(
      client,
      EventsServiceService.putStreamEvent,
      PutStreamEventRequest.create({
        taskRunExternalId: runId,
        message: Buffer.from(`chunk ${index}`),
        eventIndex: index,
        createdAt: new Date(1_000),
      }),
    );
  // Nothing is replayed to a subscriber, so it must be there first: its first chunk says that it is.
  while (events.length === 0) await put(0);

  await put(2);
  await put(1);
  await worker.report(action, STEP_EVENT_TYPE_COMPLETED, '{"ok":1}');
  await once(stream, "end");

  const chunks = events.filter((event) => event.eventType === ResourceEventType.RESOURCE_EVENT_TYPE_STREAM);
  expect(chunks.map((event) => event.eventPayload).slice(-3)).toEqual(["chunk 0", "chunk 1", "chunk 2"]);
  expect(events.at(-1)).toMatchObject({
    eventType: ResourceEventType.RESOURCE_EVENT_TYPE_COMPLETED,
    resourceId: runId,
    hangup: true,
  });
  // Of a run that has ended nothing is told.
  const late = client.dispatcher.subscribeToWorkflowEvents({ workflowRunId: runId }, client.metadata);
  late.on("data", () => expect.unreachable("an event of a run that has ended"));
  await once(late, "end");
  worker.stream.cancel();
});

test("an event stream of an unknown run says so at once", async () => {
  const stream = client.dispatcher.subscribeToWorkflowEvents({ workflowRunId: NOBODY }, client.metadata);

  await expect(once(stream, "data")).rejects.toMatchObject({
    code: status.NOT_FOUND,
    details: `workflow run ${NOBODY} not found`,
  });
});

test("log lines are checked and taken", async () => {
  await putWorkflow(client, "logged");
  const runId = await trigger(client, "logged");
  const put = (line: Parameters<typeof PutLogRequest.create>[0]): Promise<unknown> =>
    call(
      client,
      EventsServiceService.putLog,
      PutLogRequest.create({ taskRunExternalId: runId, message: "m", ...line }),
    );

  await expect(put({})).resolves.toEqual({});
  await expect(put({ level: "WARN", metadata: '{"a":1}', taskRetryCount: 0 })).resolves.toEqual({});
  await expect(put({ level: "info" })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  await expect(put({ message: "" })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  await expect(put({ message: "x".repeat(10_001) })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  await expect(put({ metadata: "x" })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  await expect(put({ taskRunExternalId: NOBODY })).rejects.toMatchObject({ code: status.NOT_FOUND });
});

test("what is said of an unknown task is refused", async () => {
  const report = StepActionEvent.create({ taskRunExternalId: NOBODY, eventType: STEP_EVENT_TYPE_COMPLETED });
  await expect(call(client, DispatcherService.sendStepActionEvent, report)).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: `invalid task external run id ${NOBODY}: no rows in result set`,
  });
  await expect(
    call(client, DispatcherService.releaseSlot, ReleaseSlotRequest.create({ taskRunExternalId: NOBODY })),
  ).rejects.toMatchObject({ code: status.NOT_FOUND });
  await expect(
    call(client, DispatcherService.refreshTimeout, { taskRunExternalId: NOBODY, incrementTimeoutBy: "10x" }),
  ).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
});

test("a heartbeat sent right behind the call to listen is taken", async () => {
  const registration = WorkerRegisterRequest.create({ workerName: "early", actions: ["early:only"], slots: 1 });
  for (let i = 0; i < 20; i++) {
    const { workerId } = await call(client, DispatcherService.register, registration);
    const stream = client.dispatcher.listenV2({ workerId }, client.metadata);
    stream.on("error", () => {});
    await expect(call(client, DispatcherService.heartbeat, { workerId })).resolves.toEqual({});
    stream.cancel();
  }
});

test("a worker that is not known is told so by every call", async () => {
  const notFound = { code: status.NOT_FOUND };
  const labels = { a: WorkerLabels.create({ strValue: "b" }) };
  await expect(call(client, DispatcherService.heartbeat, { workerId: NOBODY })).rejects.toMatchObject(notFound);
  await expect(call(client, DispatcherService.unsubscribe, { workerId: NOBODY })).rejects.toMatchObject(notFound);
  await expect(call(client, DispatcherService.upsertWorkerLabels, { workerId: NOBODY, labels })).rejects.toMatchObject(
    notFound,
  );
  await expect(once(client.dispatcher.listenV2({ workerId: NOBODY }, client.metadata), "data")).rejects.toMatchObject(
    notFound,
  );
  await expect(once(client.dispatcher.listenV2({ workerId: "nope" }, client.metadata), "data")).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: "invalid worker ID format: nope",
  });
});

test("a task that no worker can be sent fails and says why, and the worker goes on", async () => {
  const task = (readableId: string, parents: string[] = []): v1.CreateTaskOpts =>
    v1.CreateTaskOpts.create({ readableId, action: "large:only", parents });
  const tasks = [task("a"), task("b"), task("both", ["a", "b"])];
  const request = v1.CreateWorkflowVersionRequest.create({ name: "large", tasks });
  await call(client, v1.AdminServiceService.putWorkflow, request);
  const worker = await startWorker(client, "large:only");

  const runId = await trigger(client, "large");
  // All of its results together cannot be sent either, but each event can.
  const stream = client.dispatcher.subscribeToWorkflowEvents({ workflowRunId: runId }, client.metadata);
  const failures: string[] = [];
  stream.on("data", ({ eventType, eventPayload }: WorkflowEvent) => {
    if (eventType === ResourceEventType.RESOURCE_EVENT_TYPE_FAILED) failures.push(eventPayload);
  });
  const half = JSON.stringify({ text: "x".repeat(2_500_000) });
  for (let i = 0; i < 2; i++) await worker.report(await worker.next(), STEP_EVENT_TYPE_COMPLETED, half);

  await once(stream, "end");
  expect(failures[0]).toContain("exceed the 4194304 bytes");
  expect((await ended(runId)).results).toEqual([]);
  await trigger(client, "large");
  expect(await worker.next()).toMatchObject({ actionId: "large:only" });
  worker.stream.cancel();
});

test("a worker whose connection is gone loses its task to another within seconds", async () => {
  await putWorkflow(client, "lost");
  const gone = server.connect();
  const first = await startWorker(gone, "lost:only");
  const runId = await trigger(client, "lost");
  await first.report(await first.next(), STEP_EVENT_TYPE_STARTED);
  const second = await startWorker(client, "lost:only");

  const startedAt = performance.now();
  first.stream.cancel();
  gone.close();

  expect(await second.next()).toMatchObject({ taskRunExternalId: runId, retryCount: 1 });
  expect(performance.now() - startedAt).toBeLessThan(3_000);
  second.stream.cancel();
});

test("streams end with OK when the server stops", async () => {
  const own = await startTestServer(database.url);
  const worker = await startWorker(own.client, "stopping:only");
  const runs = own.client.dispatcher.subscribeToWorkflowRuns(own.client.metadata);
  const sessions = own.client.sessions.client(own.client.metadata);
  for (const stream of [runs, sessions]) stream.resume();
  await call(own.client, DispatcherService.getVersion, {});
  const ends = Promise.all([worker.stream, runs, sessions].map((stream) => once(stream, "status")));

  const startedAt = performance.now();
  await own.running.stop();

  for (const [end] of await ends) expect(end).toMatchObject({ code: status.OK });
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  await own.stop();
});
