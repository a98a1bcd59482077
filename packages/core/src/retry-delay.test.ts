import { expect, it } from "vitest";
import { retryDelayMs } from "./retry-delay.ts";

function delays(backoffFactor: number | undefined, backoffMaxSeconds: number | undefined): number[] {
  return [1, 2, 3, 4].map((retry) => retryDelayMs({ backoffFactor, backoffMaxSeconds }, retry));
}

it("retries at once without a factor", () => {
  expect(delays(undefined, undefined)).toEqual([0, 0, 0, 0]);
  expect(delays(undefined, 10)).toEqual([0, 0, 0, 0]);
});

it("grows by the factor up to the maximum", () => {
  expect(delays(2, 5)).toEqual([2000, 4000, 5000, 5000]);
  expect(delays(1, 5)).toEqual([1000, 1000, 1000, 1000]);
});

it("waits a day at most when no maximum is given, however many retries there were", () => {
  expect(retryDelayMs({ backoffFactor: 1000 }, 2)).toBe(86_400_000);
  expect(retryDelayMs({ backoffFactor: 1000 }, 1_000_000)).toBe(86_400_000);
});

it("answers whole milliseconds for a factor that travelled as a 32-bit float", () => {
  expect(retryDelayMs({ backoffFactor: Math.fround(1.1) }, 1)).toBe(1100);
});
