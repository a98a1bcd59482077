import { setTimeout as delay } from "node:timers/promises";
import { StepActionEventType } from "@helve/contracts";
// biome-ignore lint/style/noRestrictedImports: whether all of it is stored is seen in the tables
import type { Db } from "@helve/store";
import type { TestServer } from "./test-server.ts";
import { putWorkflow, startWorker, trigger } from "./test-worker.ts";

/** A task in the hands of a worker, for as long as it is looked at, of a workflow of that name. Resolves when nothing about it is still to be stored. */
export async function runningTask(
  server: TestServer,
  db: Db,
  workflow: string,
  input: unknown = {},
): Promise<{ taskId: string; workerId: string }> {
  await putWorkflow(server.client, workflow);
  const worker = await startWorker(server.connect(), `${workflow}:only`, 10, "guarded-worker", "listen");
  const taskId = await trigger(server.client, workflow, input);
  await worker.report(await worker.next(), StepActionEventType.STEP_EVENT_TYPE_STARTED);
  const started = { name: "", text: "select from task_run where id = $1 and started_at is not null" };
  while ((await db.query(started, [taskId])).length === 0) await delay(20);
  return { taskId, workerId: worker.id };
}
