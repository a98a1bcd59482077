import { describe, expect, it } from "vitest";
import { CrashCounter } from "./restart-policy.ts";

const SHORT = 100;
const LONG = 60_000;

describe("counting crashes", () => {
  it("waits twice as long after each, half a minute at most, and gives up", () => {
    const counter = new CrashCounter({ maxCrashes: 9, stableMs: LONG });
    const pauses = Array.from({ length: 9 }, () => counter.crashed(SHORT));
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, undefined]);
  });

  it("begins anew after a life that was long enough", () => {
    const counter = new CrashCounter({ maxCrashes: 3, stableMs: LONG });
    expect([counter.crashed(SHORT), counter.crashed(SHORT), counter.crashed(LONG)]).toEqual([500, 1000, 500]);
  });

  it("begins anew when it is told to", () => {
    const counter = new CrashCounter({ maxCrashes: 2, stableMs: LONG });
    counter.crashed(SHORT);
    counter.reset();
    expect(counter.crashed(SHORT)).toBe(500);
  });
});
