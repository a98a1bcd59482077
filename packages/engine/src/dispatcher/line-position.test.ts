import { beforeEach, expect, test } from "vitest";
import { LinePosition, rankInLine } from "./line-position.ts";

const FRONT = [0, 0, 0, 0];
const NONE = Number.POSITIVE_INFINITY;
let line: LinePosition;
let nowMs: number;
beforeEach(() => {
  line = new LinePosition();
  nowMs = 10_000;
});

/** A claim that begins and ends while nothing is stored. @returns where it began */
function claim(ages: number[], { rank = 3, oldest = NONE, latest = 1, tookMs = 1 } = {}): readonly number[] {
  const from = [...line.begin(nowMs, oldest)];
  line.end(
    ages.map((age) => ({ rank, age })),
    tookMs,
    latest,
  );
  return from;
}

test("begins where the claims before have come to", () => {
  expect(claim([5, 7, 6])).toEqual(FRONT);
  expect(claim([8, 9])).toEqual([0, 0, 0, 7]);
  expect(claim([10])).toEqual([0, 0, 0, 9]);
});

test("keeps a place for each rank, and none for those who were given out before", () => {
  claim([100], { rank: rankInLine(1) });
  claim([40], { rank: rankInLine(3) });
  expect(claim([])).toEqual([0, 40, 0, 100]);
});

test("counts a place only when every store has ended that had begun before it was reached", () => {
  claim([5], { latest: 3 });
  expect(claim([6], { oldest: 2, latest: 4 })).toEqual(FRONT);
  expect(claim([7], { oldest: 3, latest: 5 })).toEqual(FRONT);
  expect(claim([8], { oldest: 4, latest: 5 })).toEqual([0, 0, 0, 5]);
});

test("begins at the front again when told, and goes on from what it finds there", () => {
  claim([50]);
  claim([60]);
  line.rewind();
  expect(claim([3])).toEqual(FRONT);
  expect(line.isAtFront).toBe(true);
  expect(claim([4])).toEqual([0, 0, 0, 3]);
  expect(line.isAtFront).toBe(false);
});

test("a claim that was under way when it was told does not count", () => {
  claim([50]);
  line.begin(nowMs, NONE);
  line.rewind();
  line.end([{ rank: 3, age: 60 }], 1, 1);
  expect(claim([])).toEqual(FRONT);
});

test("sweeps from the front once a second, and less often when that takes long", () => {
  claim([50]);
  nowMs += 900;
  expect(claim([51])).toEqual([0, 0, 0, 50]);
  nowMs += 200;
  expect(claim([52], { tookMs: 200 })).toEqual(FRONT);
  nowMs += 3900;
  expect(claim([53])).toEqual([0, 0, 0, 52]);
  nowMs += 200;
  expect(claim([54])).toEqual(FRONT);
});
