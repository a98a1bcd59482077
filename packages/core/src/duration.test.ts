import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDurationMs } from "./duration.ts";

describe("parseDurationMs", () => {
  it.each([
    ["60s", 60_000],
    ["1h30m", 5_400_000],
    ["1.5s", 1500],
    ["1.1s", 1100],
    ["1.s", 1000],
    [".5h", 1_800_000],
    ["500ms", 500],
    ["0h", 0],
    ["1m1m", 120_000],
    ["00000000000000000000000000000001s", 1000],
  ])("reads %s as %d ms", (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  it("counts a fraction of a millisecond as a whole one, so that nothing is due too early", () => {
    expect(parseDurationMs("0.4ms")).toBe(1);
    expect(parseDurationMs("1.0001s")).toBe(1001);
  });

  it.each(["", "10", "1d", "-1s", "100ns", "1 s", " 1s", "1s\n", ".s", "s", "1.2.3s", "1S", "1e3s"])(
    "refuses %j",
    (text) => {
      expect(parseDurationMs(text)).toBeUndefined();
    },
  );

  it("reads the longest duration and refuses one hour more", () => {
    expect(parseDurationMs("2562047h47m16.854s")).toBe(9_223_372_036_854);
    expect(parseDurationMs("2562048h47m")).toBeUndefined();
    expect(parseDurationMs("2562047h2562047h")).toBeUndefined();
    expect(parseDurationMs(`${"9".repeat(100_000)}h`)).toBeUndefined();
  });

  it("does not slow down on long texts that are no duration", () => {
    expect(parseDurationMs("1".repeat(1_000_000))).toBeUndefined();
    expect(parseDurationMs(`${"1m".repeat(100_000)}x`)).toBeUndefined();
  });
});

describe("formatDuration", () => {
  it.each([
    [0, "0s"],
    [1, "1ms"],
    [999, "999ms"],
    [1000, "1s"],
    [1500, "1.5s"],
    [60_000, "1m0s"],
    [61_250, "1m1.25s"],
    [3_600_000, "1h0m0s"],
    [90_061_001, "25h1m1.001s"],
    [-1500, "-1.5s"],
  ])("writes %d ms as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it("is read back as the same number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_223_372_036_854 }), (ms) => {
        expect(parseDurationMs(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});
