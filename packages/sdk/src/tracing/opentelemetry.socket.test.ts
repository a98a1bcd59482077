import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Fixture } from "../loopback-engine/fixture.ts";
import { openTelemetry } from "./opentelemetry.ts";

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const program = provider.getTracer("program");
let fixture: Fixture;

beforeAll(() => {
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterAll(() => {
  trace.disable();
  context.disable();
});
beforeEach(async () => {
  exporter.reset();
  fixture = await Fixture.start({ tracing: openTelemetry() });
});
afterEach(() => fixture.end());

/** Runs code in a span of the program. */
function within<T>(code: () => Promise<T>): Promise<T> {
  return program.startActiveSpan("program", (span) => code().finally(() => span.end()));
}

function asRemote(span: ReadableSpan | undefined) {
  const { traceId, spanId, traceFlags } = (span as ReadableSpan).spanContext();
  return { traceId, spanId, traceFlags, isRemote: true };
}

function finished(name: string) {
  return exporter.getFinishedSpans().filter((span) => span.name === name);
}

test("the code of a task, and of the children that it starts, is in the trace of whoever started the run", async () => {
  const child = fixture.client.task({ name: "child", fn: async () => ({}) });
  const parent = fixture.client.task({ name: "parent", fn: async () => within(() => child.run({})) });
  await fixture.worker({ workflows: [parent, child] });
  await within(() => parent.run({}));

  const [ofChild, ofParent] = finished("helve.task");
  const [inner, outer] = finished("program");
  expect(ofParent?.parentSpanContext).toEqual(asRemote(outer));
  expect(inner?.parentSpanContext?.spanId).toBe(ofParent?.spanContext().spanId);
  expect(ofChild?.parentSpanContext).toEqual(asRemote(inner));
  expect(ofParent?.attributes).toMatchObject({ "helve.task_name": "parent", "helve.attempt": 1 });
});

test("a task that fails has a span that has failed, at once or later", async () => {
  const later = fixture.client.task({ name: "later", fn: async () => Promise.reject(new Error("boom")) });
  const atOnce = fixture.client.task({
    name: "at-once",
    fn: () => {
      throw new Error("bang");
    },
  });
  await fixture.worker({ workflows: [later, atOnce] });
  await expect(later.run({})).rejects.toThrow("boom");
  await expect(atOnce.run({})).rejects.toThrow("bang");

  const statuses = finished("helve.task").map((span) => span.status);
  expect(statuses).toEqual([
    { code: SpanStatusCode.ERROR, message: "boom" },
    { code: SpanStatusCode.ERROR, message: "bang" },
  ]);
});

test("a trace that the program names itself is the run's, and outside of any span nothing is named", async () => {
  const seen: Record<string, string>[] = [];
  const task = fixture.client.task({
    name: "told",
    fn: async (_input: object, ctx) => {
      seen.push(ctx.additionalMetadata());
    },
  });
  await fixture.worker({ workflows: [task] });
  const traceparent = "00-45c2cd732ee231b7c45adfd8e6ae8341-56cd9cadac8beb91-01";
  await within(() => task.run({}, { additionalMetadata: { traceparent, mine: "kept" } }));
  await task.run({});

  expect(seen).toEqual([{ traceparent, mine: "kept" }, {}]);
});
