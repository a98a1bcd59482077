import { expect, test } from "vitest";
import { reconnectDelayMs } from "./reconnect-delay.ts";

test("waits double up to a second, half of it by chance", () => {
  expect(reconnectDelayMs(1, 0)).toBe(50);
  expect(reconnectDelayMs(1, 1)).toBe(100);
  expect(reconnectDelayMs(3, 0)).toBe(200);
  expect(reconnectDelayMs(50, 1)).toBe(1_000);
});

test("a worker tries several times before its tasks are given away after 1.5 s", () => {
  const tries = [1, 2, 3, 4].map((failures) => reconnectDelayMs(failures, 1));
  expect(tries.reduce((sum, ms) => sum + ms)).toBeLessThanOrEqual(1_500);
});
