import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  EventsServiceService,
  helve,
  PutStreamEventRequest,
  ResourceEventType,
  SubscribeToWorkflowEventsRequest,
  type WorkflowEvent,
} from "@helve/contracts";
import { openDatabase } from "@helve/store";
import { freshDatabase } from "@helve/store/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assignmentOf, durable, endOf, FarEnd, openWorker } from "./testing/far-end.ts";
import { ServerProcess } from "./testing/server-process.ts";
import { call, type TestClient } from "./testing/test-client.ts";
import { putWorkflow, trigger } from "./testing/test-worker.ts";

const { OUTCOME_STARTED, OUTCOME_SUCCEEDED } = helve.Outcome;

let database: Awaited<ReturnType<typeof freshDatabase>>;
let folder: string;
let servers: ServerProcess[];
/** `helve serve` twice, with one DATABASE_URL and nothing else in common. */
let a: ServerProcess;
let b: ServerProcess;

beforeEach(async () => {
  database = await freshDatabase();
  folder = await mkdtemp(join(tmpdir(), "helve-cluster-"));
  servers = [];
  [a, b] = await Promise.all([start("a"), start("b")]);
}, 60_000);
afterEach(async () => {
  await Promise.all(servers.map((server) => server.kill()));
  await rm(folder, { recursive: true, force: true });
  await database.drop();
});

async function start(name: string): Promise<ServerProcess> {
  const server = await ServerProcess.start(database.url, join(folder, `${name}.json`));
  servers.push(server);
  return server;
}

const report = ({ taskId, attempt }: helve.Assignment, outcome: helve.Outcome, payload = ""): helve.Report =>
  helve.Report.create({ taskId, attempt, outcome, payload });

/** Waits at one replica for the end of a run. */
async function ended(client: TestClient, runId: string): Promise<helve.RunEnded> {
  const program = new FarEnd(client.sessions.client(client.metadata));
  program.stream.write(helve.ClientFrame.create({ subscribe: [runId] }));
  return program.first(endOf(runId));
}

/** What a program hears that follows a run, up to its end. */
function follow(client: TestClient, runId: string): { chunks: string[]; over: Promise<ResourceEventType> } {
  const request = SubscribeToWorkflowEventsRequest.create({ workflowRunId: runId });
  const stream = client.dispatcher.subscribeToWorkflowEvents(request, client.metadata);
  const chunks: string[] = [];
  const over = new Promise<ResourceEventType>((resolve, reject) => {
    stream.on("error", reject);
    stream.on("data", (event: WorkflowEvent) => {
      if (event.eventType === ResourceEventType.RESOURCE_EVENT_TYPE_STREAM) chunks.push(event.eventPayload);
      else if (event.hangup) resolve(event.eventType);
    });
  });
  return { chunks, over };
}

test("a program of one replica has its work done, and follows it, by a worker of the other", async () => {
  const [program, workers] = [await a.connect(), await b.connect()];
  await putWorkflow(program, "crossing");
  const worker = openWorker(workers, { actions: ["crossing:only"] });
  await worker.first(durable(1));
  const runId = await trigger(program, "crossing");
  const task = await worker.first(assignmentOf(runId));
  worker.send({ reports: [report(task, OUTCOME_STARTED)] });
  const { chunks, over } = follow(program, runId);
  const put = (text: string) =>
    call(
      workers,
      EventsServiceService.putStreamEvent,
      PutStreamEventRequest.create({ taskRunExternalId: task.taskId, message: Buffer.from(text) }),
    );
  // Until the other replica knows that somebody follows.
  while (chunks.length === 0) {
    await put("first");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const long = "é".repeat(20_000);
  for (const text of ["one", long, "three"]) await put(text);
  const result = ended(program, runId);
  worker.send({ reports: [report(task, OUTCOME_SUCCEEDED, '"done"')] });
  expect(await result).toMatchObject({ status: helve.RunStatus.RUN_STATUS_SUCCEEDED, tasks: [{ output: '"done"' }] });
  expect(await over).toBe(ResourceEventType.RESOURCE_EVENT_TYPE_COMPLETED);
  expect(chunks.filter((text) => text !== "first")).toEqual(["one", long, "three"]);
}, 60_000);

test("a worker whose replica is killed goes to the other one with its work in hand, and ends it there", async () => {
  const [there, here] = [await a.connect(), await b.connect()];
  await putWorkflow(here, "moving");
  const worker = openWorker(there, { actions: ["moving:only"] });
  const { workerId } = await worker.first((frame) => frame.registered);
  const runId = await trigger(here, "moving");
  const task = await worker.first(assignmentOf(runId));
  await worker.first(durable(worker.send({ reports: [report(task, OUTCOME_STARTED)] })));
  await a.kill();

  const { taskId, attempt } = task;
  const back = openWorker(here, { actions: ["moving:only"], workerId, holding: [{ taskId, attempt }] });
  expect(await back.first((frame) => frame.registered)).toMatchObject({ workerId, lost: [] });
  await back.first(durable(back.send({ reports: [report(task, OUTCOME_SUCCEEDED, "1")] })));
  expect(await ended(here, runId)).toMatchObject({ tasks: [{ output: "1" }] });
  expect(await attemptsOf(runId)).toBe(1);
}, 60_000);

test("a replica that was frozen for longer than its lease is fenced, takes a new id and serves again", async () => {
  const [there, here] = [await a.connect(), await b.connect()];
  await putWorkflow(here, "frozen");
  const worker = openWorker(there, { actions: ["frozen:only"] });
  await worker.first(durable(1));
  a.freeze();
  const waiting = await trigger(here, "frozen");
  await b.says("taken over");
  a.thaw();
  await a.says("starting anew");

  const again = openWorker(await a.connect(), { actions: ["frozen:only"] });
  const task = await again.first(assignmentOf(waiting));
  await again.first(durable(again.send({ reports: [report(task, OUTCOME_SUCCEEDED, "2")] })));
  expect(await ended(here, waiting)).toMatchObject({ tasks: [{ output: "2" }] });
  const { httpUrl } = await a.ready();
  expect((await fetch(`${httpUrl}/ready`)).status).toBe(200);
}, 60_000);

async function attemptsOf(runId: string): Promise<number | undefined> {
  const db = openDatabase({ url: database.url, maxConnections: 1, applicationName: "test" });
  const text = "select attempt from task_run_history where id = $1";
  return db
    .query<{ attempt: number }>({ name: "", text }, [runId])
    .then(([row]) => row?.attempt)
    .finally(() => db.close());
}
