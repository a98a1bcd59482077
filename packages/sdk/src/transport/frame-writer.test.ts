import { describe, expect, test } from "vitest";
import { FrameWriter } from "./frame-writer.ts";

/** A stream that takes frames when it is told to. */
function slowSink(): {
  frames: number[][];
  write: (frame: number[], written: () => void) => boolean;
  done: () => void;
} {
  let written: (() => void) | undefined;
  const frames: number[][] = [];
  return {
    frames,
    write(frame, callback) {
      frames.push(frame);
      written = callback;
      return true;
    },
    done: () => written?.(),
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function writing(): { sink: ReturnType<typeof slowSink>; add: (item: number) => void; writer: FrameWriter<number[]> } {
  const sink = slowSink();
  let items: number[] = [];
  const writer = new FrameWriter(sink, () => {
    if (items.length === 0) return undefined;
    const frame = items;
    items = [];
    return frame;
  });
  const add = (item: number): void => {
    items.push(item);
    writer.wake();
  };
  return { sink, add, writer };
}

describe("FrameWriter", () => {
  test("what one turn of the event loop brings goes into one frame", async () => {
    const { sink, add } = writing();
    add(1);
    add(2);
    await Promise.resolve().then(() => add(3));
    await turn();
    expect(sink.frames).toEqual([[1, 2, 3]]);
  });

  test("what gathers while a frame is on its way goes into the next", async () => {
    const { sink, add } = writing();
    add(1);
    await turn();
    add(2);
    await turn();
    add(3);
    await turn();
    expect(sink.frames).toEqual([[1]]);
    sink.done();
    expect(sink.frames).toEqual([[1], [2, 3]]);
    sink.done();
    expect(sink.frames).toHaveLength(2);
  });

  test("nothing is taken after it was closed", async () => {
    const { sink, add, writer } = writing();
    add(1);
    writer.close();
    await turn();
    add(2);
    await turn();
    expect(sink.frames).toEqual([]);
  });
});
