import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { orderTasks } from "./task-order.ts";

function names(graph: Record<string, string[]>): string[] {
  const tasks = Object.entries(graph).map(([readableId, parents]) => ({ readableId, parents }));
  return orderTasks(tasks).map((task) => task.readableId);
}

describe("orderTasks", () => {
  it("puts parents first and goes by the alphabet among equals", () => {
    expect(names({ d: ["b", "c"], c: ["a"], b: ["a"], a: [] })).toEqual(["a", "b", "c", "d"]);
    expect(names({ z: [], b: ["z"], a: ["b"] })).toEqual(["z", "b", "a"]);
  });

  it("compares names by their letters and not by a language", () => {
    expect(names({ b: [], B: [], a: [], A: [], "1": [] })).toEqual(["1", "A", "B", "a", "b"]);
  });

  it("names the tasks of a cycle and leaves out those that only lead to it or follow it", () => {
    const graph = { root: [], a: ["root", "c"], b: ["a"], c: ["b"], after: ["c"] };
    expect(() => names(graph)).toThrow("parents form a cycle: 'a' waits for 'c' waits for 'b' waits for 'a'");
    expect(() => names({ a: ["a"] })).toThrow("parents form a cycle: 'a' waits for 'a'");
  });

  it("does not list a cycle of thousands whole", () => {
    const ring = Array.from({ length: 5000 }, (_, i) => [`t${i}`, [`t${(i + 1) % 5000}`]] as const);
    const tasks = ring.map(([readableId, parents]) => ({ readableId, parents }));
    expect(() => orderTasks(tasks)).toThrow(/^.{0,300}$/);
  });

  it("orders a chain of ten thousand tasks", () => {
    const chain = Array.from({ length: 10_000 }, (_, i) => ({
      readableId: `t${i}`,
      parents: i === 0 ? [] : [`t${i - 1}`],
    }));
    expect(orderTasks(chain.toReversed())).toEqual(chain);
  });

  it("puts parents first in any graph, whatever order its tasks come in", () => {
    fc.assert(
      fc.property(anyGraph(), ({ tasks, shuffled }) => {
        const ordered = orderTasks(tasks);
        const placeOf = new Map(ordered.map((task, place) => [task.readableId, place]));
        expect(placeOf.size).toBe(tasks.length);
        for (const { readableId, parents } of tasks) {
          for (const parent of parents) expect(placeOf.get(parent)).toBeLessThan(placeOf.get(readableId) ?? -1);
        }
        expect(orderTasks(shuffled)).toEqual(ordered);
      }),
    );
  });
});

/** Tasks whose parents are taken from those before them, so there is no cycle, and the same tasks in another order. */
function anyGraph() {
  const list = fc.uniqueArray(fc.stringMatching(/^[a-zA-Z0-9._-]{1,4}$/), { minLength: 1, maxLength: 12 });
  return list
    .chain((ids) =>
      fc.tuple(...ids.map((readableId, i) => fc.subarray(ids.slice(0, i)).map((parents) => ({ readableId, parents })))),
    )
    .chain((tasks) => fc.shuffledSubarray(tasks, { minLength: tasks.length }).map((shuffled) => ({ tasks, shuffled })));
}
