import { expect, test } from "vitest";
import { byUrgency } from "./action-order.ts";

const anAction = (action: string, workers: number, queued: number) => ({ action, workers, queued, workflows: [] });

test("what nobody serves comes first, with most waiting before; the rest by name", () => {
  const actions = [
    anAction("b", 1, 900),
    anAction("idle", 0, 0),
    anAction("a", 2, 0),
    anAction("few", 0, 1),
    anAction("many", 0, 50),
  ];
  expect(byUrgency(actions).map(({ action }) => action)).toEqual(["many", "few", "idle", "a", "b"]);
});
