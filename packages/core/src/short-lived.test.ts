import fc from "fast-check";
import { expect, test } from "vitest";
import { ShortLivedMap, ShortLivedSet } from "./short-lived.ts";

/** Some hundred keys that come and go, so that a new Map is made in between. */
const steps = fc.array(fc.tuple(fc.constantFrom("set", "delete"), fc.nat(300)), { minLength: 5000, maxLength: 8000 });

test("a short-lived map holds what a Map would, in the same order", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const [ours, theirs] = [new ShortLivedMap<number, number>(), new Map<number, number>()];
      all.forEach(([what, key], at) => {
        if (what === "delete") expect(ours.delete(key)).toBe(theirs.delete(key));
        else {
          ours.set(key, at);
          theirs.set(key, at);
        }
        expect([ours.size, ours.get(key), ours.has(key)]).toEqual([theirs.size, theirs.get(key), theirs.has(key)]);
      });
      expect([...ours.keys()]).toEqual([...theirs.keys()]);
      expect([...ours.values()]).toEqual([...theirs.values()]);
      ours.clear();
      expect([ours.size, ...ours.keys()]).toEqual([0]);
    }),
    { numRuns: 20 },
  );
});

test("a short-lived set holds what a Set would, in the same order", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const [ours, theirs] = [new ShortLivedSet<number>(), new Set<number>()];
      for (const [what, item] of all) {
        if (what === "delete") expect(ours.delete(item)).toBe(theirs.delete(item));
        else {
          ours.add(item);
          theirs.add(item);
        }
        expect([ours.size, ours.has(item)]).toEqual([theirs.size, theirs.has(item)]);
      }
      expect([...ours]).toEqual([...theirs]);
      ours.clear();
      expect([ours.size, ...ours]).toEqual([0]);
    }),
    { numRuns: 20 },
  );
});

test("all that is there may be removed while it is gone through", () => {
  const set = new ShortLivedSet<number>();
  for (let n = 0; n < 10_000; n++) set.add(n);
  const seen: number[] = [];
  for (const n of set) {
    seen.push(n);
    set.delete(n);
  }
  expect(seen).toHaveLength(10_000);
  expect(set.size).toBe(0);
});
