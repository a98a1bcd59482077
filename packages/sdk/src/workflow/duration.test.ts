import { describe, expect, test } from "vitest";
import { durationToMs, durationToString } from "./duration.ts";

describe("durations", () => {
  test.each([
    ["500ms", 500],
    ["1.5s", 1_500],
    ["1h30m", 5_400_000],
    ["1h2m3s", 3_723_000],
  ] as const)("%s is %d ms", (text, ms) => {
    expect(durationToMs(text)).toBe(ms);
    expect(durationToString(text)).toBe(text);
  });

  test("objects and numbers are written in ms", () => {
    expect(durationToString({ hours: 1, minutes: 1, seconds: 1 })).toBe("3661000ms");
    expect(durationToString(250)).toBe("250ms");
    expect(durationToString({})).toBe("0ms");
  });

  test.each(["10", "1d", "-1s", "", "soon"])("'%s' is refused", (text) => {
    expect(() => durationToString(text as "1s")).toThrow("no duration");
  });

  test("a negative or endless length is refused", () => {
    expect(() => durationToMs(-1)).toThrow("no duration");
    expect(() => durationToMs(Number.POSITIVE_INFINITY)).toThrow("no duration");
  });
});
