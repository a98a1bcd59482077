import type { AssignedAction, helve, WorkflowRunEvent } from "@helve/contracts";
import { afterAll, expect, inject, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/grpc.ts";
import { RawStage } from "../support/raw-stage.ts";

const engine = inject("engine");
const stages: RawStage[] = [];
afterAll(() => {
  for (const stage of stages) stage.close();
});

/** Of one input, and of one chunk. */
const LARGE = "x".repeat(200_000);
const RUNS = 100;
/** How many inputs fit into what may wait unread, and into the connection. */
const MOST = 40;

async function open(label: string): Promise<RawStage> {
  const stage = await RawStage.open(engine, [{ timeout: "5m" }], label);
  stages.push(stage);
  return stage;
}

/** What the engine keeps for the slowest of its peers, in bytes. */
async function largestBacklog(): Promise<number> {
  const text = await (await fetch(`${engine.httpUrl}/metrics`)).text();
  return Number(/^helve_stream_buffered_bytes_max (\S+)$/m.exec(text)?.[1]);
}

test("a worker that does not read is given a bounded amount, and costs the others nothing", async () => {
  const stage = await open("raw-deaf");
  const deaf = await stage.worker(1000, ["a"], `${stage.name}-deaf`);
  deaf.stopReading();
  const runs: string[] = [];
  for (let n = 0; n < RUNS; n++) runs.push(await stage.trigger({ n, text: LARGE }));
  expect(await largestBacklog()).toBeLessThan(8_000_000);
  const quick = await open("raw-quick");
  const other = await quick.worker();
  for (let n = 0; n < 5; n++) await other.complete(await quick.start(other));

  const awake = await stage.worker(RUNS, ["a"], `${stage.name}-awake`);
  await eventually(
    "the rest at the other worker",
    10_000,
    async () => awake.actions.length >= RUNS - MOST || undefined,
  );

  // It reads again, and has what it was given before. A task that it did not confirm in time is the other one's by then.
  deaf.readAgain();
  const completed = new Set<AssignedAction>();
  await eventually("the end of all runs", 30_000, async () => {
    for (const worker of [deaf, awake]) {
      // An iterator of an array goes on to what comes while it is gone through.
      for (const action of worker.actions) {
        if (!completed.has(action)) await worker.complete(action);
        completed.add(action);
      }
    }
    const statuses = await Promise.all(runs.map((run) => stage.rest.status(run)));
    return statuses.every((status) => status === "COMPLETED") || undefined;
  });
  const before = deaf.actions.length;
  expect(before).toBeGreaterThan(0);
  await eventually("its turn", 20_000, async () => {
    await stage.trigger();
    return deaf.actions.length > before || undefined;
  });
});

test("results that are not read are not kept, and come when the program reads again", async () => {
  const stage = await open("raw-results");
  const worker = await stage.worker(RUNS);
  const ended = await Promise.all(Array.from({ length: RUNS }, () => stage.trigger()));
  for (const run of ended) await worker.complete(await worker.action("start", run), { text: LARGE });

  const published = stage.grpc.dispatcher.subscribeToWorkflowRuns(stage.grpc.metadata);
  const native = stage.grpc.sessions.client(stage.grpc.metadata);
  const told = { published: new Set<string>(), native: new Set<string>() };
  published
    .on("error", () => {})
    .on("data", ({ workflowRunId }: WorkflowRunEvent) => told.published.add(workflowRunId));
  native
    .on("error", () => {})
    .on("data", ({ ended: runs }: helve.EngineToClient) => {
      for (const { runId } of runs) told.native.add(runId);
    });
  published.pause();
  native.pause();
  for (const workflowRunId of ended) published.write({ workflowRunId });
  native.write({ triggers: [], subscribe: ended });
  await eventually("results that wait", 10_000, async () => (await largestBacklog()) > 16_000_000 || undefined);
  expect(await largestBacklog()).toBeLessThan(20_000_000);

  published.resume();
  native.resume();
  await eventually("all results", 20_000, async () => {
    return (told.published.size === RUNS && told.native.size === RUNS) || undefined;
  });
  published.cancel();
  native.cancel();
});

test("a listener that does not read is let go, and is told why", async () => {
  const stage = await open("raw-listener");
  const worker = await stage.worker();
  const action = await stage.start(worker);
  await worker.report(action, "started");
  const events = stage.subscribe({ workflowRunId: action.workflowRunId });
  events.pause();
  const { taskRunExternalId } = action;
  const chunk = { taskRunExternalId, createdAt: new Date(), message: Buffer.from(LARGE), metadata: "" };
  for (let n = 0; n < 120; n++) await call(stage.grpc, "events", "putStreamEvent", { ...chunk, eventIndex: n });
  expect(await largestBacklog()).toBeLessThan(20_000_000);
  events.resume();
  expect(await events.ended).toEqual({
    code: "RESOURCE_EXHAUSTED",
    text: "the events of this stream are not read: more than 16 MiB wait for its listener",
  });
  await worker.report(action, "completed");
  expect(await stage.status(action.workflowRunId)).toBe("COMPLETED");
});
