import { StepActionEventType, v1, WorkflowServiceService } from "@helve/contracts";
import { freshDatabase } from "@helve/store/testing";
import { afterEach, expect, test } from "vitest";
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from "../testing/otlp-receiver.ts";
import { call } from "../testing/test-client.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";
import { putWorkflow, startWorker } from "../testing/test-worker.ts";

const { STEP_EVENT_TYPE_STARTED, STEP_EVENT_TYPE_COMPLETED, STEP_EVENT_TYPE_FAILED } = StepActionEventType;
const TRACE = "45c2cd732ee231b7c45adfd8e6ae8341";
const CALLER = "56cd9cadac8beb91";

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function tracedServer(): Promise<{ server: TestServer; receiver: OtlpReceiver }> {
  const database = await freshDatabase();
  opened.push(() => database.drop());
  const receiver = await startOtlpReceiver();
  opened.push(() => receiver.stop());
  const traces = { endpoint: receiver.endpoint, protocol: "http/json" } as const;
  const server = await startTestServer(database.url, { traces });
  opened.push(() => server.stop());
  return { server, receiver };
}

function trigger({ client }: TestServer, name: string, metadata: object): Promise<{ workflowRunId: string }> {
  const request = v1.TriggerWorkflowRequest.create({
    name,
    input: '{"note":"secret-input"}',
    additionalMetadata: JSON.stringify(metadata),
  });
  return call(client, WorkflowServiceService.triggerWorkflow, request);
}

/** The only span of that name, or that attempt's. */
function spanOf(spans: ReceivedSpan[], name: string, attempt?: number): ReceivedSpan {
  const found = spans.filter((span) => {
    return span.name === name && (attempt === undefined || span.attributes["helve.attempt"] === attempt);
  });
  expect(found, `spans named ${name}`).toHaveLength(1);
  return found[0] as ReceivedSpan;
}

test("a run is a part of the trace it was started in, from its trigger to the report of its last attempt", async () => {
  const { server, receiver } = await tracedServer();
  await putWorkflow(server.client, "traced", { retries: 1 });
  const { workflowRunId } = await trigger(server, "traced", {
    traceparent: `00-${TRACE}-${CALLER}-01`,
    note: "secret-metadata",
  });
  const worker = await startWorker(server.client, "traced:only");
  const first = await worker.next();
  await worker.report(first, STEP_EVENT_TYPE_STARTED);
  await worker.report(first, STEP_EVENT_TYPE_FAILED, "secret-error");
  const second = await worker.next();
  await worker.report(second, STEP_EVENT_TYPE_STARTED);
  await worker.report(second, STEP_EVENT_TYPE_COMPLETED, '{"note":"secret-output"}');
  worker.stream.cancel();
  await server.stop();

  const { spans } = receiver;
  expect(spans.map((span) => span.name).toSorted()).toEqual([
    "helve.attempt",
    "helve.attempt",
    "helve.queue",
    "helve.queue",
    "helve.report",
    "helve.report",
    "helve.trigger",
  ]);
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([TRACE]));
  const start = spanOf(spans, "helve.trigger");
  expect(start.parentSpanId).toBe(CALLER);
  expect(start.attributes).toEqual({
    "helve.tenant_id": server.running.tenantId,
    "helve.run_id": workflowRunId,
    "helve.workflow_name": "traced",
  });
  for (const number of [1, 2]) {
    const [queue, attempt, report] = ["helve.queue", "helve.attempt", "helve.report"].map((name) => {
      return spanOf(spans, name, number);
    }) as [ReceivedSpan, ReceivedSpan, ReceivedSpan];
    expect([queue.parentSpanId, attempt.parentSpanId, report.parentSpanId]).toEqual([
      start.spanId,
      start.spanId,
      attempt.spanId,
    ]);
    expect(attempt.attributes).toEqual({
      ...start.attributes,
      "helve.task_id": workflowRunId,
      "helve.task_name": "only",
      "helve.attempt": number,
      "helve.worker_id": worker.id,
      "helve.outcome": number === 1 ? "failed" : "succeeded",
    });
    expect(attempt.statusCode).toBe(number === 1 ? 2 : 0);
    for (const { startMs, endMs } of [queue, attempt, report]) expect(endMs).toBeGreaterThanOrEqual(startMs);
    expect(queue.startMs).toBeGreaterThanOrEqual(start.startMs);
    expect(attempt.startMs).toBeGreaterThanOrEqual(queue.endMs);
    expect(report.startMs).toBe(attempt.endMs);
  }
  expect(receiver.bodies.join()).not.toContain("secret");
});

test("a run that came without a trace is one of its own, which its worker is told of", async () => {
  const { server, receiver } = await tracedServer();
  await putWorkflow(server.client, "alone");
  const worker = await startWorker(server.client, "alone:only");
  await trigger(server, "alone", {});
  const action = await worker.next();
  await worker.report(action, STEP_EVENT_TYPE_COMPLETED, "{}");
  worker.stream.cancel();
  await server.stop();

  const start = spanOf(receiver.spans, "helve.trigger");
  expect(start.parentSpanId).toBeUndefined();
  const { traceparent } = JSON.parse(action.additionalMetadata ?? "{}");
  expect(traceparent).toBe(`00-${start.traceId}-${start.spanId}-01`);
  expect(spanOf(receiver.spans, "helve.attempt")).toMatchObject({ traceId: start.traceId, parentSpanId: start.spanId });
});

test("what its caller does not sample is not exported", async () => {
  const { server, receiver } = await tracedServer();
  await putWorkflow(server.client, "unsampled");
  const worker = await startWorker(server.client, "unsampled:only");
  await trigger(server, "unsampled", { traceparent: `00-${TRACE}-${CALLER}-00` });
  await worker.report(await worker.next(), STEP_EVENT_TYPE_COMPLETED, "{}");
  worker.stream.cancel();
  await server.stop();

  expect(receiver.spans).toEqual([]);
});

test("an engine works on while nobody takes its traces", async () => {
  const { server, receiver } = await tracedServer();
  await receiver.stop();
  await putWorkflow(server.client, "unheard");
  const worker = await startWorker(server.client, "unheard:only");
  await trigger(server, "unheard", {});
  await worker.report(await worker.next(), STEP_EVENT_TYPE_COMPLETED, "{}");
  worker.stream.cancel();
  await server.stop();
});
