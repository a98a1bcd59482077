import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunEvent, RunEventFilter } from "../api.ts";
import { type TestCluster, type TestEngine, testCluster } from "../testing/test-engine.ts";

let cluster: TestCluster;
/** Where programs listen, and where the worker is. */
let a: TestEngine;
let b: TestEngine;
const actions = ["work:run"];
const metadata = '{"order":"17"}';

beforeEach(async () => {
  cluster = await testCluster();
  a = await cluster.start();
  b = await cluster.start();
  await a.put({ name: "work", tasks: [{ readableId: "work", action: "work:run" }] });
});
afterEach(() => cluster.end());

/** What is heard at a replica, and the end of it. */
function listen({ engine, tenantId }: TestEngine, filter: RunEventFilter) {
  const events: RunEvent[] = [];
  const ended = new Promise<void>((resolve) => {
    engine.onRunEvents(tenantId, filter, (event) => {
      events.push(event);
      if (event.kind.type === "run_ended") resolve();
    });
  });
  return { events, ended };
}

const chunk = (taskId: string, content: Uint8Array, index: number) => ({
  taskId,
  content,
  index,
  createdAtMs: undefined,
});

test("chunks and events of a task whose worker is at one replica are heard at another, in order, up to the end", async () => {
  const worker = await b.worker({ actions });
  const runId = await b.run("work", { metadata });
  const byRun = listen(a, { runId });
  const byMetadata = listen(a, { metadataKey: "order", metadataValue: "17" });
  const other = listen(a, { metadataKey: "order", metadataValue: "18" });
  const task = await worker.next();
  const contents = Array.from({ length: 20 }, (_, index) => Buffer.from(`chunk ${index} €`));
  // Far longer than a notification, and no text.
  contents[7] = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, index) => index % 251));
  // Where it is listened to is known a moment later.
  await expect
    .poll(async () => {
      await b.engine.putStreamChunk(b.tenantId, chunk(task.id, Buffer.from("warm up"), 0));
      return Math.min(byRun.events.length, byMetadata.events.length);
    })
    .toBeGreaterThan(0);
  await Promise.all(contents.map((content, i) => b.engine.putStreamChunk(b.tenantId, chunk(task.id, content, i + 1))));
  await worker.succeed(task, '"done"');
  await Promise.all([byRun.ended, byMetadata.ended]);
  for (const { events } of [byRun, byMetadata]) {
    const heard = events.filter(({ kind }) => !(kind.type === "stream" && kind.index === 0));
    expect(heard.map(({ kind }) => kind)).toEqual([
      ...contents.map((content, i) => ({ type: "stream", content, index: i + 1 })),
      { type: "task_completed", output: '"done"' },
      { type: "run_ended", status: "succeeded" },
    ]);
    expect(events.every((event) => event.runId === runId && event.taskId === task.id)).toBe(true);
  }
  expect(other.events).toEqual([]);
});

test("a run that ended while hints were lost is told to have ended when they come again", async () => {
  const worker = await b.worker({ actions });
  const runId = await b.run("work");
  const task = await worker.next();
  const { events, ended } = listen(a, { runId });
  await a.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'helve-notifications'`,
  );
  await worker.succeed(task);
  await ended;
  expect(events.map(({ kind }) => kind)).toEqual([{ type: "run_ended", status: "succeeded" }]);
});
