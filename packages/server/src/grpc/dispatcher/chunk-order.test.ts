import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ChunkOrder } from "./chunk-order.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp() {
  const sent: (number | undefined)[] = [];
  const order = new ChunkOrder({ send: ({ index }) => sent.push(index), holdMs: 5_000 });
  const add = (...indexes: (number | undefined)[]): void => {
    for (const index of indexes) order.add({ index });
  };
  return { order, add, sent };
}

test("chunks that come crossed go out in order", () => {
  const { add, sent } = setUp();

  add(1, 0, 3, 2);

  expect(sent).toEqual([0, 1, 2, 3]);
});

test("a chunk waits for a missing one for its time, then all go out and counting goes on", () => {
  const { add, sent } = setUp();

  add(0, 2, 4);
  vi.advanceTimersByTime(4_999);
  expect(sent).toEqual([0]);
  vi.advanceTimersByTime(1);
  expect(sent).toEqual([0, 2, 4]);

  add(5);
  expect(sent).toEqual([0, 2, 4, 5]);
});

test("one that comes after its successors is passed on late", () => {
  const { add, sent, order } = setUp();

  add(1, 2);
  order.flush();
  add(0);

  expect(sent).toEqual([1, 2, 0]);
});

test("chunks without a number pass at once", () => {
  const { add, sent } = setUp();

  add(1, undefined);

  expect(sent).toEqual([undefined]);
});

test("the time to wait starts anew with a new gap", () => {
  const { add, sent } = setUp();

  add(1);
  vi.advanceTimersByTime(4_000);
  add(0, 3);
  vi.advanceTimersByTime(4_000);
  expect(sent).toEqual([0, 1]);
  vi.advanceTimersByTime(1_000);
  expect(sent).toEqual([0, 1, 3]);
});

test("nothing is sent and no timer is left when nobody listens any more", () => {
  const { add, sent, order } = setUp();

  add(1);
  order.discard();
  vi.advanceTimersByTime(10_000);

  expect(sent).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
