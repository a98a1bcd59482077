import type { AssignedAction } from "@helve/contracts";
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
  const seen = await eventually("the rest at the other worker", 10_000, async () => {
    return awake.actions.length >= RUNS - MOST ? awake.actions.length : undefined;
  });
  expect(seen, "the deaf worker was given something").toBeLessThan(RUNS);

  // It reads again, and has what it was given before. A task that it did not confirm in time is the other one's by then.
  deaf.readAgain();
  await eventually("what waited", 10_000, async () => deaf.actions.length >= RUNS - seen || undefined);
  for (const action of deaf.actions) await deaf.complete(action);
  let completed = 0;
  await eventually("the end of all runs", 30_000, async () => {
    while (completed < awake.actions.length) await awake.complete(awake.actions[completed++] as AssignedAction);
    const open = await Promise.all(runs.map((run) => stage.rest.status(run)));
    return open.every((status) => status === "COMPLETED") || undefined;
  });
  awake.close();
  await deaf.complete(await stage.start(deaf));
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
