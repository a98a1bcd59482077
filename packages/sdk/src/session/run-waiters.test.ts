import type { helve } from "@helve/contracts";
import { expect, test, vi } from "vitest";
import { HelveError } from "../errors.ts";
import { type RunWaiter, RunWaiters } from "./run-waiters.ts";

function waiter(): RunWaiter {
  return { ended: vi.fn<(run: helve.RunEnded) => void>(), failed: vi.fn<(error: HelveError) => void>() };
}

test("several may wait for one run, and only the first has to be asked for", () => {
  const waiters = new RunWaiters();
  const [a, b] = [waiter(), waiter()];
  expect(waiters.add("run", a)).toBe(true);
  expect(waiters.add("run", b)).toBe(false);
  expect(waiters.take("run")).toEqual([a, b]);
  expect(waiters.take("run")).toBeUndefined();
});

test("one that stopped waiting is not called", () => {
  const waiters = new RunWaiters();
  const [a, b] = [waiter(), waiter()];
  waiters.add("run", a);
  waiters.add("run", b);
  waiters.remove("run", a);
  expect(waiters.take("run")).toEqual([b]);
  waiters.add("other", a);
  waiters.remove("other", a);
  expect(waiters.size).toBe(0);
});

test("all are told when there will be no results", () => {
  const waiters = new RunWaiters();
  const [a, b] = [waiter(), waiter()];
  waiters.add("run", a);
  waiters.add("other", b);
  const error = new HelveError("unauthenticated", "no");
  waiters.failAll(error);
  expect(a.failed).toHaveBeenCalledWith(error);
  expect(b.failed).toHaveBeenCalledWith(error);
  expect(waiters.size).toBe(0);
});
