import { expect, test } from "vitest";
import type { Session } from "./session.ts";
import { verdict } from "./verdict.ts";

const NOW_MS = 1_000_000;
type Signs = Pick<Session, "isLeaving" | "streamlessSinceMs" | "disconnectedSinceMs" | "lastBeatMs"> & {
  streams: number;
  connections: number;
  held: number;
  isItsOwnHeartbeat: boolean;
};

/** A worker that is well, but for what is said. */
function judged(signs: Partial<Signs>, mayJudgeSilence = true) {
  const { streams = 1, connections = 1, held = 1, isItsOwnHeartbeat = false, ...rest } = signs;
  const many = <Item>(count: number, item: Item) => Array.from({ length: count }, () => item);
  const session = {
    isLeaving: false,
    streamlessSinceMs: undefined,
    disconnectedSinceMs: undefined,
    lastBeatMs: NOW_MS - 4000,
    ...rest,
    streams: new Set(many(streams, {})),
    isItsOwnHeartbeat: () => isItsOwnHeartbeat,
    connections: new Set(many(connections, "c")),
    held: new Map(many(held, ["t", {}] as const)),
  };
  return verdict(session as unknown as Session, NOW_MS, mayJudgeSilence);
}
const ago = (ms: number) => NOW_MS - ms;
const gone = (ms: number): Partial<Signs> => ({
  streams: 0,
  connections: 0,
  streamlessSinceMs: ago(ms),
  disconnectedSinceMs: ago(ms),
});

test.each<[Partial<Signs>, string | RegExp, boolean?]>([
  [{}, "alive"],
  [gone(1400), "alive"],
  [gone(1500), /its connections are closed/],
  [gone(1500), /its connections are closed/, false],
  [{ ...gone(1500), held: 0 }, "gone"],
  [{ ...gone(20_000), disconnectedSinceMs: ago(1000) }, "alive"],
  [{ streams: 0, streamlessSinceMs: ago(11_900) }, "alive"],
  [{ streams: 0, streamlessSinceMs: ago(12_000) }, /stream ended 12 s ago/],
  [{ streams: 0, streamlessSinceMs: ago(12_000), isLeaving: true }, "alive"],
  [{ streams: 0, streamlessSinceMs: ago(12_000) }, "alive", false],
  [{ lastBeatMs: ago(11_900) }, "alive"],
  [{ lastBeatMs: ago(12_000) }, /no heartbeat for 12 s/],
  [{ lastBeatMs: ago(12_000), isItsOwnHeartbeat: true }, "alive"],
  [{ lastBeatMs: ago(12_000) }, "alive", false],
])("%j: %s", (signs, expected, mayJudgeSilence = true) => {
  const found = judged(signs, mayJudgeSilence);
  if (typeof expected === "string") expect(found.kind).toBe(expected);
  else expect(found).toMatchObject({ kind: "lost", reason: expect.stringMatching(expected) });
});
