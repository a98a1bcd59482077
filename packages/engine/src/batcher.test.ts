import { describe, expect, it } from "vitest";
import { Batcher } from "./batcher.ts";

interface Item {
  owner: string;
  number: number;
}

/** A batcher of four items a batch whose first write lasts until it is let go, and what it has written. */
function stage(ownerOf?: (item: Item) => string) {
  const batches: string[][] = [];
  let letGo: () => void = () => {};
  const isHeld = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const batcher = new Batcher<Item, number>({
    async write(items) {
      batches.push(items.map(({ owner, number }) => `${owner}${number}`));
      await isHeld;
      return items.map(({ number }) => number);
    },
    maxWeight: 4,
    lanes: 1,
    ...(ownerOf && { ownerOf }),
  });
  return { batcher, batches, letGo: () => letGo() };
}

const many = (owner: string, count: number): Item[] =>
  Array.from({ length: count }, (_, index) => ({ owner, number: index + 1 }));

describe("a batcher with more than a batch takes", () => {
  it("is shared by owners equally, and each keeps its order", async () => {
    const { batcher, batches, letGo } = stage(({ owner }) => owner);
    const busy = many("a", 12).map((item) => batcher.add(item));
    await new Promise(setImmediate);
    const others = [...many("b", 2), ...many("c", 1)].map((item) => batcher.add(item));
    letGo();
    expect(await Promise.all(others)).toEqual([1, 2, 1]);
    await Promise.all(busy);
    expect(batches).toEqual([
      ["a1", "a2", "a3", "a4"],
      ["a5", "b1", "c1", "a6"],
      ["b2", "a7", "a8", "a9"],
      ["a10", "a11", "a12"],
    ]);
  });

  it("keeps the order given where nobody owns an item", async () => {
    const { batcher, batches, letGo } = stage();
    const all = [...many("a", 6), ...many("b", 2)].map((item) => batcher.add(item));
    letGo();
    await Promise.all(all);
    expect(batches.flat()).toEqual(["a1", "a2", "a3", "a4", "a5", "a6", "b1", "b2"]);
  });
});
