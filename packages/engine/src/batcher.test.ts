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

describe("a batcher with two lanes", () => {
  it("keeps one of them free of whoever has the other, while several owners come", async () => {
    const batches: string[][] = [];
    const ends: (() => void)[] = [];
    const batcher = new Batcher<Item, number>({
      async write(items) {
        batches.push(items.map(({ owner, number }) => `${owner}${number}`));
        await new Promise<void>((resolve) => ends.push(resolve));
        return items.map(({ number }) => number);
      },
      maxWeight: 4,
      lanes: 2,
      ownerOf: ({ owner }) => owner,
    });
    const add = (items: Item[]) => items.map((item) => batcher.add(item));
    const turn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
    const all = add(many("a", 14));
    await turn();
    all.push(...add(many("b", 1)));
    await turn();
    expect(batches, "whoever is alone has all lanes").toEqual([
      ["a1", "a2", "a3", "a4"],
      ["a5", "a6", "a7", "a8"],
    ]);
    ends[0]?.();
    await turn();
    expect(batches.slice(2)).toEqual([["b1"]]);
    ends[2]?.();
    await turn();
    expect(batches, "a has more, and has the other lane").toHaveLength(3);
    all.push(...add(many("c", 1)));
    await turn();
    expect(batches.slice(3)).toEqual([["c1"]]);
    ends[1]?.();
    await turn();
    expect(batches.slice(4)).toEqual([["a9", "a10", "a11", "a12"]]);
    for (let n = 3; n < 5; n++) ends[n]?.();
    await turn();
    ends[5]?.();
    await Promise.all(all);
    expect(batches.slice(5)).toEqual([["a13", "a14"]]);
  });
});
