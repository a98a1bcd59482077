import { expect, inject, test } from "vitest";
import { PYTHON_V1 } from "../support/client.ts";
import { Stage } from "../support/stage.ts";

/** This client listens, confirms tasks and sends heartbeats in a process of its own, beside the one that runs them. */
test(`${PYTHON_V1.title}: a task whose process is killed, but not the one that listens, runs elsewhere`, async () => {
  const stage = await Stage.open(PYTHON_V1, inject("engine"));
  const broken = await stage.worker("broken", { slots: 1 });
  const run = await stage.caller.start(stage.workflow("hold"), { ms: 300_000, again: 100 });
  await broken.says("start", run);
  const rescuer = await stage.registerWorker("rescuer", { slots: 1 });
  const killedAt = Date.now();
  broken.program.signal("SIGKILL");
  const again = await rescuer.says("start", run, 30_000, (line) => line.retry === 1);
  // Its listener looks after its parent once a second or so.
  expect(again.at - killedAt).toBeLessThan(10_000);
  expect(await stage.caller.result(run)).toMatchObject({ hold: { by: rescuer.name, retry: 1 } });
}, 120_000);
