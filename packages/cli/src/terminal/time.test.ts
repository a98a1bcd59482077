import { describe, expect, it } from "vitest";
import { ago, duration, elapsed } from "./time.ts";

describe("duration", () => {
  it.each([
    [0.4, "<1 ms"],
    [1, "1 ms"],
    [99.4, "99 ms"],
    [100, "0.10 s"],
    [2345, "2.35 s"],
    [9994, "9.99 s"],
    [9999, "10.0 s"],
    [59_949, "59.9 s"],
    [59_999, "1 min 0 s"],
    [245_000, "4 min 5 s"],
    [3_599_999, "1 h 0 min"],
    [11_220_000, "3 h 7 min"],
    [90_000_000, "1 d 1 h"],
  ])("says %d ms as %s", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});

describe("ago", () => {
  const at = (msAgo: number) => ago(new Date(1_000_000_000 - msAgo).toISOString(), 1_000_000_000);

  it("says it to one unit, rounded down", () => {
    expect(at(0)).toBe("now");
    expect(at(5_999)).toBe("5 s ago");
    expect(at(119_000)).toBe("1 min ago");
    expect(at(3 * 3_600_000)).toBe("3 h ago");
    expect(at(50 * 3_600_000)).toBe("2 d ago");
  });

  it("says now when clocks differ, and nothing when there is no time", () => {
    expect(at(-5_000)).toBe("now");
    expect(ago(undefined, 0)).toBe("");
  });
});

describe("elapsed", () => {
  it("goes on until there is an end", () => {
    const from = new Date(1000).toISOString();
    expect(elapsed(from, undefined, 3000)).toBe("2.00 s");
    expect(elapsed(from, new Date(1500).toISOString(), 3000)).toBe("0.50 s");
    expect(elapsed(undefined, undefined, 3000)).toBe("");
  });
});
