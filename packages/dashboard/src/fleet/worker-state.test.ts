import { describe, expect, it, test } from "vitest";
import { aWorker } from "../testing/a-worker.ts";
import { silenceMs, slotsOf, stateOf } from "./worker-state.ts";

describe("the state of a worker", () => {
  it.each([
    ["fresh", aWorker("a")],
    ["late", aWorker("a", { liveness: "late" })],
    ["lost", aWorker("a", { liveness: "lost", status: "INACTIVE" })],
    ["paused", aWorker("a", { status: "PAUSED" })],
    ["draining", aWorker("a", { status: "PAUSED" }, 1)],
    ["quarantined", aWorker("a", { status: "INACTIVE", quarantineReason: "confirms nothing" })],
  ])("is %s", (state, worker) => expect(stateOf(worker)).toBe(state));

  it("is lost before it is quarantined: who is not there needs no verdict", () => {
    expect(stateOf(aWorker("a", { liveness: "lost", quarantineReason: "confirms nothing" }))).toBe("lost");
  });

  it("stays paused when it is late as well", () => {
    expect(stateOf(aWorker("a", { status: "PAUSED", liveness: "late" }))).toBe("paused");
  });
});

test("slots are summed over kinds, and not known when one kind is not", () => {
  const slotConfig = { default: { available: 7, limit: 10 }, durable: { available: 99, limit: 100 } };
  expect(slotsOf({ slotConfig })).toEqual({ used: 4, limit: 110 });
  expect(slotsOf({ slotConfig: { ...slotConfig, gpu: { limit: 1 } } })).toEqual({ used: undefined, limit: 111 });
});

test("silence is counted by the engine's clock, and is never below nothing", () => {
  const beat = Date.parse("2026-01-01T00:00:00Z");
  expect(silenceMs(aWorker("a"), beat + 4_000)).toBe(4_000);
  expect(silenceMs(aWorker("a"), beat - 600)).toBe(0);
  expect(silenceMs({}, beat)).toBeUndefined();
});
