import type { helve } from "@helve/contracts";
import { expect, test } from "vitest";
import { UnacknowledgedFrames } from "./unacknowledged-frames.ts";

function frame(number: number): helve.WorkerFrame {
  const empty = { reports: [], logs: [], chunks: [], refreshTimeouts: [], releaseSlots: [], labels: [] };
  return { number, ...empty, draining: false };
}

test("frames are kept until they are durable, and taken in the order of writing", () => {
  const frames = new UnacknowledgedFrames();
  for (const number of [2, 3, 5]) frames.add(frame(number));
  frames.acknowledge(1);
  expect(frames.size).toBe(3);
  frames.acknowledge(3);
  expect(frames.takeAll().map(({ number }) => number)).toEqual([5]);
  expect(frames.size).toBe(0);
  frames.acknowledge(9);
});
