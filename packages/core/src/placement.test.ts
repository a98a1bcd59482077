import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ANYWHERE,
  exclusionsOf,
  highestRankOf,
  labelText,
  type Placement,
  placementOf,
  placementText,
  rankOf,
  readPlacement,
  stickTo,
} from "./placement.ts";
import type { DesiredLabel, LabelComparator } from "./workflow-definition.ts";

const wish = (key: string, value: string | number, more: Partial<DesiredLabel> = {}): DesiredLabel => ({
  key,
  value,
  required: false,
  comparator: "equal",
  weight: 100,
  ...more,
});
const labels = (...list: DesiredLabel[]): Placement => ({ kind: "labels", labels: list });
const worker = (own: Record<string, string | number>) => ({ id: "w", labels: own });

describe("placementOf", () => {
  const own = { workerLabels: [wish("gpu", "h")] };

  it("takes the task's labels, or the run's in their place as a whole", () => {
    expect(placementOf({}, own)).toEqual(labels(wish("gpu", "h")));
    expect(placementOf({}, own, { desiredLabels: [wish("zone", "b")] })).toEqual(labels(wish("zone", "b")));
    expect(placementOf({}, own, { desiredLabels: [] })).toEqual(labels(wish("gpu", "h")));
    expect(placementOf({}, { workerLabels: [] })).toEqual(ANYWHERE);
  });

  it("takes no notice of labels in a sticky workflow, known worker or not", () => {
    const wishes = { desiredWorkerId: "w", desiredLabels: [wish("zone", "b")] };
    expect(placementOf({ sticky: "hard" }, own, wishes)).toEqual(stickTo("hard", "w"));
    expect(placementOf({ sticky: "soft" }, own, { desiredLabels: [wish("zone", "b")] })).toEqual(ANYWHERE);
  });

  it("takes no notice of a desired worker in a workflow that is not sticky", () => {
    expect(placementOf({}, { workerLabels: [] }, { desiredWorkerId: "w" })).toEqual(ANYWHERE);
    expect(placementOf({}, own, { desiredWorkerId: "w" })).toEqual(labels(wish("gpu", "h")));
  });
});

describe("rankOf", () => {
  it.each<[LabelComparator, number, boolean[]]>([
    ["equal", 5, [false, true, false]],
    ["not_equal", 5, [true, false, true]],
    ["greater_than", 5, [false, false, true]],
    ["greater_than_or_equal", 5, [false, true, true]],
    ["less_than", 5, [true, false, false]],
    ["less_than_or_equal", 5, [true, true, false]],
  ])("compares whole numbers: %s %i", (comparator, value, met) => {
    const placement = labels(wish("n", value, { comparator, required: true }));
    expect([4, 5, 6].map((n) => rankOf(placement, worker({ n })) !== undefined)).toEqual(met);
  });

  it("compares texts for being equal or not, and never by order", () => {
    expect(rankOf(labels(wish("gpu", "h")), worker({ gpu: "h" }))).toBe(100);
    expect(rankOf(labels(wish("gpu", "h", { comparator: "not_equal" })), worker({ gpu: "a" }))).toBe(100);
    const ordered = labels(wish("gpu", "b", { comparator: "greater_than", required: true }));
    expect(rankOf(ordered, worker({ gpu: "c" }))).toBeUndefined();
  });

  it.each(["equal", "not_equal"] as const)("is not met by another type or a missing label: %s", (comparator) => {
    const placement = labels(wish("n", 5, { comparator, required: true }));
    expect(rankOf(placement, worker({ n: "5" }))).toBeUndefined();
    expect(rankOf(placement, worker({ n: "6" }))).toBeUndefined();
    expect(rankOf(placement, worker({}))).toBeUndefined();
    expect(rankOf(labels(wish("n", "5", { comparator, required: true })), worker({ n: 6 }))).toBeUndefined();
  });

  it("adds up the weights of what is met and takes nothing for what is not", () => {
    const placement = labels(wish("a", 1, { weight: 10 }), wish("b", 1, { weight: 5 }), wish("c", 1, { weight: 1 }));
    expect(rankOf(placement, worker({ a: 1, c: 1 }))).toBe(11);
    expect(rankOf(placement, worker({}))).toBe(0);
  });

  it("rules out a worker whose sum is negative", () => {
    const placement = labels(wish("spot", "yes", { weight: -100 }), wish("gpu", "h", { weight: 60 }));
    expect(rankOf(placement, worker({ spot: "yes", gpu: "h" }))).toBeUndefined();
    expect(rankOf(placement, worker({ gpu: "h" }))).toBe(60);
    expect(rankOf(labels(wish("spot", "yes", { weight: 0 })), worker({ spot: "yes" }))).toBe(0);
  });

  it("puts the worker of a sticky task first, or allows it alone", () => {
    const other = { id: "other", labels: {} };
    expect(rankOf(stickTo("soft", "w"), worker({}))).toBe(1);
    expect(rankOf(stickTo("soft", "w"), other)).toBe(0);
    expect(rankOf(stickTo("hard", "w"), worker({}))).toBe(1);
    expect(rankOf(stickTo("hard", "w"), other)).toBeUndefined();
  });

  it("finds no label in what every object has", () => {
    expect(rankOf(labels(wish("constructor", "x", { comparator: "not_equal", required: true })), worker({}))).toBe(
      undefined,
    );
  });
});

describe("exclusionsOf", () => {
  it("names every required label that is not met, with what the worker has there", () => {
    const placement = labels(
      wish("gpu", "h", { required: true }),
      wish("memory", 512, { comparator: "greater_than", required: true }),
      wish("zone", "b"),
    );
    expect(exclusionsOf(placement, worker({ gpu: "a" }))).toEqual([
      { kind: "label", label: placement.kind === "labels" && placement.labels[0], has: "a" },
      { kind: "label", label: placement.kind === "labels" && placement.labels[1], has: undefined },
    ]);
  });

  it("names a negative sum, and that the task belongs to another worker", () => {
    expect(exclusionsOf(labels(wish("spot", 1, { weight: -3 })), worker({ spot: 1 }))).toEqual([
      { kind: "negative_sum", sum: -3 },
    ]);
    expect(exclusionsOf(stickTo("hard", "x"), worker({}))).toEqual([{ kind: "other_worker" }]);
  });
});

it("shows a wish as people read it", () => {
  expect(labelText(wish("memory", 512, { comparator: "greater_than_or_equal" }))).toBe("memory >= 512");
  expect(labelText(wish("gpu", "h"))).toBe('gpu = "h"');
});

const value = fc.oneof(fc.constantFrom("a", "b", "5"), fc.integer({ min: -2, max: 6 }));
const key = fc.constantFrom("x", "y", "z");
const desired: fc.Arbitrary<DesiredLabel> = fc.record({
  key,
  value,
  required: fc.boolean(),
  comparator: fc.constantFrom<LabelComparator>(
    "equal",
    "not_equal",
    "greater_than",
    "greater_than_or_equal",
    "less_than",
    "less_than_or_equal",
  ),
  weight: fc.integer({ min: -100, max: 200 }),
});
const placement: fc.Arbitrary<Placement> = fc.oneof(
  fc.constant(ANYWHERE),
  fc.record({
    kind: fc.constant("sticky" as const),
    mode: fc.constantFrom("soft" as const, "hard" as const),
    workerId: fc.constantFrom("w", "v"),
  }),
  fc.record({ kind: fc.constant("labels" as const), labels: fc.array(desired, { minLength: 1, maxLength: 4 }) }),
);
const anyWorker = fc.record({ id: fc.constantFrom("w", "v"), labels: fc.dictionary(key, value) });

describe("for any placement and worker", () => {
  it("a worker is ruled out for a reason, and only then", () => {
    fc.assert(
      fc.property(placement, anyWorker, (p, w) => {
        expect(exclusionsOf(p, w).length > 0).toBe(rankOf(p, w) === undefined);
      }),
    );
  });

  it("no rank is negative or above the highest", () => {
    fc.assert(
      fc.property(placement, anyWorker, (p, w) => {
        const rank = rankOf(p, w) ?? 0;
        expect(rank).toBeGreaterThanOrEqual(0);
        if (rankOf(p, w) !== undefined) expect(rank).toBeLessThanOrEqual(highestRankOf(p));
      }),
    );
  });

  it("its text reads back as a placement that ranks alike", () => {
    fc.assert(
      fc.property(placement, anyWorker, (p, w) => {
        const text = placementText(p);
        expect(placementText(readPlacement(text))).toBe(text);
        expect(rankOf(readPlacement(text), w)).toBe(rankOf(p, w));
      }),
    );
  });

  it("its text does not depend on the order of its labels or of their members", () => {
    fc.assert(
      fc.property(fc.array(desired, { minLength: 1, maxLength: 5 }), (list) => {
        const turned = [...list].reverse().map((one) => Object.fromEntries(Object.entries(one).reverse()));
        expect(placementText({ kind: "labels", labels: turned as unknown as DesiredLabel[] })).toBe(
          placementText({ kind: "labels", labels: list }),
        );
      }),
    );
  });

  it("a required label changes who may run it and never the rank of who may", () => {
    fc.assert(
      fc.property(fc.array(desired, { minLength: 1, maxLength: 4 }), anyWorker, (list, w) => {
        const strict = rankOf({ kind: "labels", labels: list }, w);
        const lenient = rankOf({ kind: "labels", labels: list.map((one) => ({ ...one, required: false })) }, w);
        if (strict !== undefined) expect(lenient).toBe(strict);
      }),
    );
  });
});
