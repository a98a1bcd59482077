import { describe, expect, it } from "vitest";
import { decideScale, NOTHING_SEEN, type ScaleFacts, type ScaleMemory } from "./scale-decision.ts";

const limits = { min: 1, max: 8, upAfterMs: 5000, downAfterMs: 60_000 };
const idle: ScaleFacts = {
  nowMs: 0,
  copies: 2,
  ready: 2,
  usedSlots: 0,
  totalSlots: 20,
  waitingForMs: undefined,
};
const full: ScaleFacts = { ...idle, usedSlots: 20, waitingForMs: 6000 };
const copiesAfter = (facts: ScaleFacts, memory: ScaleMemory = NOTHING_SEEN) =>
  decideScale(facts, limits, memory).copies;

describe("more copies", () => {
  it("are wanted when a task has waited long and the slots are taken", () => {
    expect(decideScale(full, limits, NOTHING_SEEN)).toMatchObject({
      copies: 3,
      reason: "a task has waited for 6 s, 20 of 20 slots are taken",
    });
    expect(copiesAfter({ ...full, waitingForMs: 4000 })).toBe(2);
  });

  it("are not wanted when slots are free: what waits waits for something else", () => {
    expect(copiesAfter({ ...full, usedSlots: 3 })).toBe(2);
  });

  it("come by half of those there are, up to the limit", () => {
    const of = (copies: number) => copiesAfter({ ...full, copies, ready: copies });
    expect([1, 2, 3, 4, 5, 6, 7, 8].map(of)).toEqual([2, 3, 4, 6, 7, 8, 8, 8]);
  });

  it("are not added while those that were started are not ready", () => {
    expect(copiesAfter({ ...full, copies: 3, ready: 2 })).toBe(3);
  });
});

describe("fewer copies", () => {
  it("are enough when the work has fitted into them for a while without a break", () => {
    const first = decideScale(idle, limits, NOTHING_SEEN);
    expect(first.copies).toBe(2);
    expect(copiesAfter({ ...idle, nowMs: 59_000 }, first.memory)).toBe(2);
    const last = decideScale({ ...idle, nowMs: 60_000 }, limits, first.memory);
    expect(last).toMatchObject({ copies: 1, reason: "one copy less would have done for 60 s", memory: NOTHING_SEEN });
  });

  it("are not enough as soon as something waits, or the slots fill: the time begins anew", () => {
    const before: ScaleMemory = { spareSinceMs: 0 };
    for (const busy of [{ waitingForMs: 10 }, { usedSlots: 9 }]) {
      expect(decideScale({ ...idle, ...busy, nowMs: 90_000 }, limits, before)).toMatchObject({
        copies: 2,
        memory: NOTHING_SEEN,
      });
    }
  });

  it("keep the least number", () => {
    expect(copiesAfter({ ...idle, copies: 1, ready: 1, nowMs: 90_000 }, { spareSinceMs: 0 })).toBe(1);
  });
});

it("brings a number that is out of bounds back at once", () => {
  expect(copiesAfter({ ...idle, copies: 0, ready: 0, totalSlots: 0 })).toBe(1);
  expect(copiesAfter({ ...idle, copies: 9 })).toBe(8);
});

it("does not swing: under a load that needs three copies it stays at three", () => {
  let copies = 1;
  let memory: ScaleMemory = NOTHING_SEEN;
  const seen: number[] = [];
  for (let nowMs = 0; nowMs < 600_000; nowMs += 1000) {
    const usedSlots = Math.min(25, copies * 10);
    const facts = { nowMs, copies, ready: copies, usedSlots, totalSlots: copies * 10 };
    ({ copies, memory } = decideScale(
      { ...facts, waitingForMs: usedSlots < 25 ? nowMs + 5000 : undefined },
      limits,
      memory,
    ));
    seen.push(copies);
  }
  expect(new Set(seen.slice(10))).toEqual(new Set([3]));
});
