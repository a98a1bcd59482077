import { expect, test } from "vitest";
import { judgeHealth, type WorkerFacts } from "./worker-health.ts";

const WELL: WorkerFacts = {
  state: "running",
  isConnected: true,
  wasEverConnected: true,
  unacknowledgedMs: 20,
  stalledMs: 100,
};

test.each<[string, Partial<WorkerFacts>, string, string]>([
  ["that works", {}, "HEALTHY", ""],
  ["that was not started", { state: "made", isConnected: false }, "INITIALIZED", "not been started"],
  ["that no engine has taken", { isConnected: false, wasEverConnected: false }, "STARTING", "no engine has taken it"],
  ["whose stream broke", { isConnected: false }, "UNHEALTHY", "stream to the engine has broken"],
  [
    "that is told nothing",
    { unacknowledgedMs: 12_340 },
    "UNHEALTHY",
    "acknowledged nothing of what it was told for 12.3 s",
  ],
  ["that stood still", { stalledMs: 5000 }, "UNHEALTHY", "event loop stood still for 5.0 s"],
  ["that stops", { state: "stopping" }, "UNHEALTHY", "it is stopping"],
])("a worker %s", (_case, facts, status, reason) => {
  const health = judgeHealth({ ...WELL, ...facts });
  expect(health.status).toBe(status);
  expect(health.reasons.join("; ")).toContain(reason);
  expect(health.reasons.length > 0).toBe(status !== "HEALTHY");
});
