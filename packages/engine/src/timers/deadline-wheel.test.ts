import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DeadlineWheel } from "./deadline-wheel.ts";

let due: [item: string, atMs: number][];
let wheel: DeadlineWheel<string>;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  due = [];
  wheel = new DeadlineWheel(
    () => Date.now(),
    (items) => due.push(...items.map((item): [string, number] => [item, Date.now()])),
  );
});
afterEach(() => void vi.useRealTimers());

test("calls back never early and at most two ticks late", () => {
  for (const inMs of [1, 19, 20, 21, 333, 1000]) wheel.set(`in ${inMs}`, 1_000_000 + inMs);
  vi.advanceTimersByTime(1100);
  expect(due).toHaveLength(6);
  for (const [item, atMs] of due) {
    const dueMs = 1_000_000 + Number(item.slice(3));
    expect(atMs).toBeGreaterThanOrEqual(dueMs);
    expect(atMs - dueMs).toBeLessThanOrEqual(40);
  }
});

test("forgets what was removed and what was given a later moment", () => {
  wheel.set("removed", 1_000_100);
  wheel.set("moved", 1_000_100);
  wheel.delete("removed");
  wheel.set("moved", 1_000_500);
  vi.advanceTimersByTime(400);
  expect(due).toEqual([]);
  vi.advanceTimersByTime(200);
  expect(due.map(([item]) => item)).toEqual(["moved"]);
});

test("what was due before it was set is due at the next tick", () => {
  wheel.set("past", 900_000);
  vi.advanceTimersByTime(40);
  expect(due.map(([item]) => item)).toEqual(["past"]);
});

test("a stall of an hour calls back once for everything", () => {
  wheel.set("first", 1_000_100);
  wheel.set("second", 1_060_000);
  vi.setSystemTime(4_600_000);
  vi.advanceTimersByTime(20);
  expect(due.map(([item]) => item).sort()).toEqual(["first", "second"]);
});

test("a clock that is set back by an hour delays nothing by an hour", () => {
  wheel.set("before", 4_600_000);
  vi.setSystemTime(4_000_000);
  vi.advanceTimersByTime(20);
  vi.setSystemTime(1_000_000);
  wheel.set("after", 1_000_100);
  vi.advanceTimersByTime(200);
  expect(due.map(([item]) => item)).toEqual(["after"]);
});
