import { type AssignedAction, PutStreamEventRequest, ResourceEventType, ResourceType } from "@helve/contracts";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/grpc.ts";
import { type EventStream, RawStage } from "../support/raw-stage.ts";
import type { RawWorker } from "../support/raw-worker.ts";

const UNKNOWN = "00000000-0000-4000-8000-0000000000aa";
const { RESOURCE_EVENT_TYPE_STREAM, RESOURCE_EVENT_TYPE_COMPLETED, RESOURCE_EVENT_TYPE_FAILED } = ResourceEventType;
const { RESOURCE_TYPE_STEP_RUN, RESOURCE_TYPE_WORKFLOW_RUN } = ResourceType;

describe.concurrent("subscribing to the events of a run", () => {
  let stage: RawStage;
  let worker: RawWorker;
  beforeAll(async () => {
    stage = await RawStage.open(inject("engine"), undefined, "raw-events");
    worker = await stage.worker(50);
  });
  afterAll(() => stage.close());

  async function put(action: AssignedAction, text: string, eventIndex?: number): Promise<void> {
    const chunk = {
      taskRunExternalId: action.taskRunExternalId,
      message: Buffer.from(text),
      createdAt: new Date(),
      eventIndex,
    };
    await call(stage.grpc, "events", "putStreamEvent", PutStreamEventRequest.create(chunk));
  }

  /** A subscription is in place when a chunk comes through; chunks without an index pass straight on. */
  async function subscribed(action: AssignedAction): Promise<EventStream> {
    const stream = stage.subscribe({ workflowRunId: action.workflowRunId });
    await eventually("a subscription in place", 5_000, async () => {
      await put(action, "probe");
      return chunks(stream, true).length > 0 || undefined;
    });
    return stream;
  }

  function chunks(stream: EventStream, probes = false): string[] {
    return stream.events
      .filter((event) => event.eventType === RESOURCE_EVENT_TYPE_STREAM)
      .map((event) => event.eventPayload)
      .filter((text) => probes || text !== "probe");
  }

  test("is refused without a run or a metadata pair, and for an id that is none", async () => {
    const nothing = await stage.subscribe({}).ended;
    expect(nothing.code).toBe("INVALID_ARGUMENT");
    expect(nothing.text).toMatch(/workflow run id or additional meta/);
    expect(await stage.subscribe({ workflowRunId: "x" }).ended).toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  test("is refused for an unknown run after some patience", async () => {
    const refused = await stage.subscribe({ workflowRunId: UNKNOWN }).ended;
    expect(refused).toEqual({ code: "NOT_FOUND", text: expect.stringContaining(UNKNOWN) });
  });

  test("ends at once and in peace for a run that has ended", async () => {
    const action = await stage.start(worker);
    await worker.complete(action);
    const stream = stage.subscribe({ workflowRunId: action.workflowRunId });
    expect(await stream.ended).toEqual({ code: "OK", text: "" });
    expect(stream.events).toEqual([]);
  });

  test("brings chunks in their order, then the output, then the end", async () => {
    const action = await stage.start(worker);
    const stream = await subscribed(action);
    for (const index of [0, 2, 1, 3]) await put(action, `chunk ${index}`, index);
    await worker.complete(action, { ok: 1 });
    expect(await stream.ended).toEqual({ code: "OK", text: "" });
    expect(chunks(stream)).toEqual(["chunk 0", "chunk 1", "chunk 2", "chunk 3"]);
    const [output, end] = stream.events.slice(-2);
    expect(output).toMatchObject({
      resourceType: RESOURCE_TYPE_STEP_RUN,
      eventType: RESOURCE_EVENT_TYPE_COMPLETED,
      resourceId: action.taskRunExternalId,
      eventPayload: '{"ok":1}',
      hangup: false,
    });
    expect(end).toMatchObject({
      resourceType: RESOURCE_TYPE_WORKFLOW_RUN,
      eventType: RESOURCE_EVENT_TYPE_COMPLETED,
      resourceId: action.workflowRunId,
      hangup: true,
    });
  });

  test("waits some seconds for a chunk that is missing, then goes on without it", async () => {
    const action = await stage.start(worker);
    const stream = await subscribed(action);
    await put(action, "chunk 0", 0);
    await put(action, "chunk 3", 3);
    await put(action, "chunk 2", 2);
    await eventually("the chunks behind the gap", 8_000, async () => chunks(stream).length === 3 || undefined);
    expect(chunks(stream)).toEqual(["chunk 0", "chunk 2", "chunk 3"]);
    await worker.complete(action);
    await stream.ended;
  });

  test("brings what is held back before the end, when the task ends first", async () => {
    const action = await stage.start(worker);
    const stream = await subscribed(action);
    await put(action, "chunk 2", 2);
    await put(action, "chunk 1", 1);
    await worker.complete(action);
    await stream.ended;
    expect(chunks(stream)).toEqual(["chunk 1", "chunk 2"]);
  });

  test("tells a failure with its text", async () => {
    const action = await stage.start(worker);
    const stream = await subscribed(action);
    await worker.report(action, "failed", { payload: "broken" });
    await stream.ended;
    const failure = stream.events.find((event) => event.eventType === RESOURCE_EVENT_TYPE_FAILED);
    expect(failure).toMatchObject({ resourceType: RESOURCE_TYPE_STEP_RUN, eventPayload: "broken" });
    expect(stream.events.at(-1)).toMatchObject({ eventType: RESOURCE_EVENT_TYPE_FAILED, hangup: true });
  });

  test("by a metadata pair brings the events of every such run and of no other", async () => {
    const marked = { additionalMetadata: JSON.stringify({ mark: stage.name }) };
    const other = await stage.start(worker);
    const one = await stage.start(worker, {}, marked);
    const stream = stage.subscribe({ additionalMetaKey: "mark", additionalMetaValue: stage.name });
    await eventually("a subscription in place", 5_000, async () => {
      await put(one, "probe");
      return chunks(stream, true).length > 0 || undefined;
    });
    const two = await stage.start(worker, {}, marked);
    await put(other, "other");
    await put(one, "one");
    await put(two, "two");
    await eventually("both chunks", 5_000, async () => chunks(stream).length >= 2 || undefined);
    expect(chunks(stream)).toEqual(["one", "two"]);
    for (const action of [other, one, two]) await worker.complete(action);
    stream.cancel();
  });
});
