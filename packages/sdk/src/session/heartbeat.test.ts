import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Heartbeat } from "./heartbeat.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Writes at the given moments. @returns all moments of writes, beats among them, in ms */
function writes(untilMs: number, others: readonly number[]): number[] {
  const heartbeat = new Heartbeat();
  const startedAt = Date.now();
  const written: number[] = [];
  const write = () => {
    written.push(Date.now() - startedAt);
    heartbeat.noteWrite();
  };
  heartbeat.start(4000, write);
  for (const moment of others) setTimeout(write, moment);
  vi.advanceTimersByTime(untilMs);
  heartbeat.stop();
  vi.advanceTimersByTime(untilMs);
  return written;
}

test("beats once an interval when there is nothing else to say, and no more once stopped", () => {
  expect(writes(14_000, [])).toEqual([2000, 6000, 10_000, 14_000]);
});

test("says nothing while others write", () => {
  const others = [1500, 3500, 5500, 7500];
  expect(writes(8000, others)).toEqual(others);
});

test("leaves no gap longer than the interval", () => {
  expect(writes(9000, [2001])).toEqual([2000, 2001, 6000]);
  expect(writes(9000, [1999])).toEqual([1999, 4000, 8000]);
});
