import { expect, inject, test } from "vitest";
import { PYTHON_V1 } from "../support/client.ts";
import type { Loose } from "../support/loose.ts";
import { Stage } from "../support/stage.ts";

test("Python 1.x pauses a workflow and lets it go on", async () => {
  const stage = await Stage.open(PYTHON_V1, inject("engine"));
  const worker = await stage.worker("only");
  const name = stage.workflow("hold");
  const { rows } = await stage.caller.call<Loose>("workflows", { name });
  const workflow = rows[0].metadata.id;
  const paused = await stage.caller.call<Loose>("pauseWorkflow", { workflow, hours: 24 });
  expect(paused).toMatchObject({ isPaused: true, pausedWorkflowCronRunQueueBehavior: "QUEUE" });

  const waiting = await stage.caller.start(name, { ms: 10 });
  await stage.caller.run(stage.workflow("echo"), {});
  const waits = await stage.rest.get<Loose>(`/api/v1/stable/workflow-runs/${waiting}/waits`);
  expect(waits.rows[0].reasons[0]).toMatchObject({ rule: "paused" });
  expect(worker.said("start", waiting)).toEqual([]);

  expect(await stage.caller.call<Loose>("unpauseWorkflow", { workflow })).toMatchObject({ isPaused: false });
  expect((await stage.caller.result(waiting)).hold).toMatchObject({ by: worker.name });
});
