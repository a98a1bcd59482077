import { expect, test } from "vitest";
import { aWorker } from "../testing/a-worker.ts";
import { drainProgress } from "./drain.ts";

test("tells who is busy, who can be stopped, who has gone, and who was resumed meanwhile", () => {
  const busy = aWorker("busy", { status: "PAUSED" }, 3);
  const idle = aWorker("idle", { status: "PAUSED" });
  const lost = aWorker("lost", { liveness: "lost" });
  const resumed = aWorker("resumed");
  const ids = [busy, idle, lost, resumed].map(({ metadata: { id } }) => id);
  expect(drainProgress([...ids, "unknown"], [busy, idle, lost, resumed, aWorker("other")])).toEqual({
    busy: [busy],
    drained: [idle],
    gone: 2,
    resumed: 1,
  });
});
