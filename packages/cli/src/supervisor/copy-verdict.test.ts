import { describe, expect, it } from "vitest";
import type { Worker } from "../engine/workers.ts";
import { type CopyFacts, verdictOn } from "./copy-verdict.ts";

const MB = 1024 * 1024;
const limits = { inactiveMs: 30_000, unhealthyMs: 20_000, maxMemoryBytes: 100 * MB, maxTasks: 10 };
const healthy: CopyFacts = {
  workers: [],
  inactiveForMs: undefined,
  unhealthy: undefined,
  memoryBytes: 50 * MB,
  finishedTasks: 9,
};

describe("what becomes of a copy", () => {
  it("lets a healthy one be", () => {
    expect(verdictOn(healthy, limits)).toBeUndefined();
    expect(verdictOn({ ...healthy, memoryBytes: undefined, finishedTasks: undefined }, limits)).toBeUndefined();
  });

  it("restarts a quarantined one with the engine's reason", () => {
    const worker: Worker = { metadata: { id: "w" }, name: "w", status: "INACTIVE", quarantineReason: "no receipt" };
    expect(verdictOn({ ...healthy, workers: [worker], memoryBytes: 200 * MB }, limits)).toEqual({
      action: "restart",
      reason: "the engine has quarantined its worker: no receipt",
    });
  });

  it("restarts one that has been inactive for long enough", () => {
    expect(verdictOn({ ...healthy, inactiveForMs: 29_000 }, limits)).toBeUndefined();
    expect(verdictOn({ ...healthy, inactiveForMs: 30_000 }, limits)).toEqual({
      action: "restart",
      reason: "its process lives, but its worker has been inactive for 30 s",
    });
  });

  it("restarts one that has not been well for long enough, if it is asked", () => {
    const unwell = (forMs: number) => ({ ...healthy, unhealthy: { forMs, reason: "it stood still" } });
    expect(verdictOn(unwell(19_000), limits)).toBeUndefined();
    expect(verdictOn(unwell(99_000), { ...limits, unhealthyMs: undefined })).toBeUndefined();
    expect(verdictOn(unwell(20_000), limits)).toEqual({
      action: "restart",
      reason: "its worker has not been healthy for 20 s: it stood still",
    });
  });

  it("recycles what has done or takes too much", () => {
    expect(verdictOn({ ...healthy, memoryBytes: 101 * MB }, limits)).toEqual({
      action: "recycle",
      reason: "it takes 101 MB of 100",
    });
    expect(verdictOn({ ...healthy, finishedTasks: 10 }, limits)?.reason).toBe("it has done 10 tasks");
  });
});
