import { newRunId, type RunId } from "@helve/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestCluster, type TestEngine, testCluster } from "./testing/test-engine.ts";

let cluster: TestCluster;
let helve: TestEngine;

beforeAll(async () => {
  cluster = await testCluster();
  helve = await cluster.start();
  await helve.put({ name: "work", tasks: [{ readableId: "work", action: "work:run", retries: 1 }] });
});
afterAll(() => cluster.end());

/** Stores a run as given to a worker behind the engine's back, as by a replica that died before it could send it. */
async function stray(workerId: string, deadline: string): Promise<RunId> {
  const id = newRunId();
  await helve.query(
    `insert into task_run (id, tenant_id, version_id, route_id, status, priority, rank, attempt, worker_id,
       schedule_timeout_ms, execution_timeout_ms, created_at, queued_at, assigned_at, deadline_at, input, metadata)
     select $1, v.tenant_id, v.id, (select max(id) from route), 'assigned', 1, 3, 1, $2, 60000, 60000, now(), now(), now(),
       now() + $3::interval, '{}', '{}' from workflow_version v`,
    [id, workerId, deadline],
  );
  return id;
}

/** A minute passes, and another look. */
async function doubt(): Promise<void> {
  cluster.clock.wait(60_000);
  await cluster.clock.jump(3000);
}

test("what was given to a worker that has gone since, and was never sent, goes to another", async () => {
  const gone = await helve.worker({ actions: ["work:run"] });
  gone.die();
  cluster.clock.wait(2000);
  const workers = () => Object.values(helve.engine.status().workers).reduce((sum, count) => sum + count, 0);
  await expect.poll(workers).toBe(0);
  const id = await stray(gone.id, "1 hour");
  const other = await helve.worker({ actions: ["work:run"] });
  await expect.poll(() => doubt().then(() => other.sent.length)).toBe(1);
  const task = await other.next();
  expect(task).toMatchObject({ id, attempt: 2 });
  expect(await other.succeed(task)).toBe("accepted");
  expect(await helve.ended(id)).toMatchObject({ status: "succeeded" });
  other.die();
});

test("what is in a worker's hands and was never sent is found within a minute", async () => {
  const worker = await helve.worker({ actions: ["work:run"] });
  const id = await stray(worker.id, "1 hour");
  await expect.poll(() => doubt().then(() => worker.sent.length)).toBe(1);
  const task = await worker.next();
  expect(task).toMatchObject({ id, attempt: 2 });
  expect(await worker.succeed(task)).toBe("accepted");
  worker.die();
});

test("what is in the hands of a worker that nobody keeps ends with its execution timeout", async () => {
  const gone = await stray("01900000-0000-7000-8000-000000000000", "-1 minute");
  await doubt();
  const worker = await helve.worker({ actions: ["work:run"] });
  const task = await worker.next();
  expect(task).toMatchObject({ id: gone, attempt: 2 });
  expect(await helve.events(gone)).toContain("timed_out 1");
  expect(await worker.succeed(task)).toBe("accepted");
});
