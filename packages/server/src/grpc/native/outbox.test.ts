import { expect, test } from "vitest";
import { SURELY_FITS } from "../limits.ts";
import { Outbox } from "./outbox.ts";

/** A stream whose writes are done when the test says so. */
function slowSink() {
  const frames: number[][] = [];
  const undone: (() => void)[] = [];
  let hasEnded = false;
  return {
    frames,
    finishWrite: () => undone.shift()?.(),
    hasEnded: () => hasEnded,
    sink: {
      get writable() {
        return !hasEnded;
      },
      write: (frame: number[], done: () => void) => {
        frames.push(frame);
        undone.push(done);
      },
      end: () => {
        hasEnded = true;
      },
    },
  };
}

function add(outbox: Outbox<number[]>, item: number, characters = 1): void {
  outbox.add(characters, (frame) => frame.push(item));
}

const nextTurn = (): Promise<void> => Promise.resolve();

test("what is added in one turn goes out as one frame, without waiting", async () => {
  const { sink, frames } = slowSink();
  const outbox = new Outbox<number[]>(sink, () => []);

  add(outbox, 1);
  add(outbox, 2);
  await nextTurn();

  expect(frames).toEqual([[1, 2]]);
});

test("what comes while a write is under way goes out together when it is done", async () => {
  const { sink, frames, finishWrite } = slowSink();
  const outbox = new Outbox<number[]>(sink, () => []);
  add(outbox, 1);
  await nextTurn();

  add(outbox, 2);
  await nextTurn();
  add(outbox, 3);
  await nextTurn();
  expect(frames).toEqual([[1]]);
  finishWrite();

  expect(frames).toEqual([[1], [2, 3]]);
});

test("a frame stays within the size of a message", async () => {
  const { sink, frames, finishWrite } = slowSink();
  const outbox = new Outbox<number[]>(sink, () => []);

  add(outbox, 1, SURELY_FITS - 1);
  add(outbox, 2, 2);
  add(outbox, 3, 2 * SURELY_FITS);
  add(outbox, 4, 1);
  await nextTurn();
  for (let i = 0; i < 4; i++) finishWrite();

  expect(frames).toEqual([[1], [2], [3], [4]]);
});

test("held back, it gathers until it is released", async () => {
  const { sink, frames } = slowSink();
  const outbox = new Outbox<number[]>(sink, () => [], true);

  add(outbox, 1);
  await nextTurn();
  expect(frames).toEqual([]);
  outbox.release();
  expect(frames).toEqual([[1]]);
});

test("the end comes after what has gathered", async () => {
  const { sink, frames, hasEnded } = slowSink();
  const outbox = new Outbox<number[]>(sink, () => []);

  add(outbox, 1);
  outbox.end();
  await nextTurn();

  expect(frames).toEqual([[1]]);
  expect(hasEnded()).toBe(true);
});
