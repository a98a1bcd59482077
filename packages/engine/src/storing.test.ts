import { HelveError } from "@helve/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Storing } from "./storing.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const fails = (error: Error) => Promise.reject(error);

test("what was given up is told until something is stored, or nobody has tried for some time", async () => {
  const storing = new Storing();
  const full = new HelveError("unavailable", "no space");
  expect(storing.trouble()).toBeUndefined();
  await expect(storing.watch(fails(full))).rejects.toBe(full);
  expect(storing.trouble()).toBe("nothing is stored: no space");
  expect(await storing.watch(Promise.resolve("stored"))).toBe("stored");
  expect(storing.trouble()).toBeUndefined();

  await storing.watch(fails(full)).catch(() => {});
  vi.advanceTimersByTime(9_000);
  expect(storing.trouble()).toBeDefined();
  vi.advanceTimersByTime(2_000);
  expect(storing.trouble()).toBeUndefined();
});

test("what was refused says nothing about the database", async () => {
  const storing = new Storing();
  await storing.watch(fails(new HelveError("invalid_argument", "no"))).catch(() => {});
  expect(storing.trouble()).toBeUndefined();
});
