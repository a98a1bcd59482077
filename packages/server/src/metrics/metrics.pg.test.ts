import { readFile } from "node:fs/promises";
import { StepActionEventType } from "@helve/contracts";
import { freshDatabase } from "@helve/store/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../testing/test-server.ts";
import { putWorkflow, startWorker, trigger } from "../testing/test-worker.ts";

const { STEP_EVENT_TYPE_STARTED, STEP_EVENT_TYPE_COMPLETED, STEP_EVENT_TYPE_FAILED } = StepActionEventType;
const REFERENCE = new URL("../../../../docs/reference/metrics.md", import.meta.url);

let database: Awaited<ReturnType<typeof freshDatabase>>;
let server: TestServer;
beforeAll(async () => {
  database = await freshDatabase();
  server = await startTestServer(database.url);
});
afterAll(async () => {
  await server?.stop();
  await database?.drop();
});

async function scrape(headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${server.running.httpUrl}/metrics`, { headers });
  return { status: answer.status, text: await answer.text() };
}

/** The samples by name and labels, as they stand in the text. */
function samples(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}

test("counts what was done, and shows what waits and what runs", async () => {
  const { client, running } = server;
  const tenant = `{tenant="${running.tenantId}"}`;
  await putWorkflow(client, "measured", { retries: 1 });
  const worker = await startWorker(client, "measured:only", 2);
  for (let i = 0; i < 4; i++) await trigger(client, "measured");
  const [first, second] = [await worker.next(), await worker.next()];
  await worker.report(first, STEP_EVENT_TYPE_STARTED);
  await worker.report(second, STEP_EVENT_TYPE_STARTED);

  const busy = samples((await scrape()).text);
  expect(busy.get(`helve_tasks_running${tenant}`)).toBe(2);
  expect(busy.get(`helve_tasks_queued${tenant}`)).toBe(2);
  expect(busy.get("helve_tasks_stored_total")).toBe(4);
  expect(busy.get('helve_workers{state="ready"}')).toBe(1);
  expect(busy.get('helve_slots{kind="default",state="taken"}')).toBe(2);
  expect(busy.get('helve_slots{kind="default",state="free"}')).toBe(0);
  expect(busy.get(`helve_tasks_unserved${tenant}`)).toBe(0);

  await worker.report(first, STEP_EVENT_TYPE_FAILED, "boom");
  await worker.report(second, STEP_EVENT_TYPE_COMPLETED, "{}");
  for (let i = 0; i < 3; i++) await worker.report(await worker.next(), STEP_EVENT_TYPE_COMPLETED, "{}");
  // The attempt is over: this one is late.
  await worker.report(first, STEP_EVENT_TYPE_COMPLETED, "{}");

  const done = samples((await scrape()).text);
  expect(Object.fromEntries([...done].filter(([name]) => name.startsWith("helve_tasks_ended")))).toEqual({
    'helve_tasks_ended_total{status="succeeded"}': 4,
    'helve_tasks_ended_total{status="failed"}': 0,
    'helve_tasks_ended_total{status="cancelled"}': 0,
    'helve_tasks_ended_total{status="skipped"}': 0,
  });
  expect(done.get("helve_tasks_sent_total")).toBe(5);
  expect(done.get('helve_tasks_requeued_total{cause="failed"}')).toBe(1);
  expect(done.get("helve_late_reports_total")).toBe(1);
  expect(done.get("helve_dispatch_latency_seconds_count")).toBe(4);
  expect(done.get('helve_dispatch_latency_seconds_bucket{le="+Inf"}')).toBe(4);
  expect(done.get("helve_task_lifetime_seconds_count")).toBe(4);
  expect(done.get('helve_batch_rows_sum{batch="store"}')).toBe(4);
  expect(done.get('helve_batch_rows_sum{batch="finish"}')).toBe(4);
  expect(done.get('helve_batch_rows_sum{batch="settle"}')).toBe(1);
  expect(done.get("helve_stream_buffered_bytes")).toBe(0);
  expect(done.get("helve_ready")).toBe(1);
  expect(done.get("helve_lease_valid")).toBe(1);
  expect(done.get("helve_replicas")).toBe(1);
  expect(done.get('helve_batch_seconds_count{batch="store"}')).toBeGreaterThan(0);
  expect(done.get('helve_event_loop_lag_seconds{quantile="1"}')).toBeGreaterThanOrEqual(0);
  expect(done.get("helve_database_statements_total")).toBeGreaterThan(10);
  expect(done.get("process_resident_memory_bytes")).toBeGreaterThan(1e7);
  worker.stream.cancel();
});

test("the reference lists every figure, with its kind and labels, and no other", async () => {
  const { text } = await scrape();
  const served = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => `${name} ${kind}`);
  const reference = await readFile(REFERENCE, "utf8");
  const listed = [...reference.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name, kind]) => `${name} ${kind}`);

  expect(listed.toSorted()).toEqual(served.toSorted());
});

test("is for this machine, and elsewhere for who has a token", async () => {
  const forwarded = { "x-forwarded-for": "192.0.2.7" };

  expect((await scrape(forwarded)).status).toBe(403);
  expect((await scrape({ ...forwarded, authorization: `Bearer ${server.token}` })).status).toBe(200);
});
