import { expect, test } from "vitest";
import type { Session } from "../sessions/session.ts";
import type { Route } from "./route.ts";
import { untilFull, withinBytes } from "./until-full.ts";

test("a line that found no slot is not asked again, and others are", () => {
  const [short, long] = [{ id: 1 }, { id: 2 }] as [Route, Route];
  const slots = new Map([
    [short, 1],
    [long, 3],
  ]);
  const asked: Route[] = [];
  const reserve = untilFull((route) => {
    asked.push(route);
    const left = slots.get(route) as number;
    slots.set(route, left - 1);
    return left > 0 ? ({} as Session) : undefined;
  });

  const found = [short, short, short, long, short, long].map((route) => reserve(route) !== undefined);
  expect(found).toEqual([true, false, false, true, false, true]);
  expect(asked).toEqual([short, short, long, long]);
});

test("nothing is reserved once those before have the bytes that there are, whatever their lines", () => {
  const [one, other] = [{ id: 1 }, { id: 2 }] as [Route, Route];
  const full = new Set([other]);
  const reserve = withinBytes((route) => (full.has(route) ? undefined : ({} as Session)), 10);
  const found = [other, one, one, one].map((route) => reserve(route, 6) !== undefined);
  expect(found).toEqual([false, true, true, false]);
});
