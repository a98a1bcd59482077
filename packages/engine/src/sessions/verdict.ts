import type { Session } from "./session.ts";

/** Every connection gone without goodbye, and not back: no process is there. */
const DEAD_MS = 1500;
/** A stream that ended alone, or heartbeats that stopped: the worker may still be there. */
const LOST_MS = 12_000;

export type Verdict =
  | { kind: "alive" }
  /** Its tasks go elsewhere. */
  | { kind: "lost"; reason: string }
  /** It has left and holds nothing. */
  | { kind: "gone" };

/**
 * What the signs of a worker mean.
 *
 *   connections  streams  heartbeat      tasks     verdict
 *   none         none     –              some      lost after 1.5 s: the process has died
 *   some         none     –              some      lost after 12 s, unless it is leaving: that one keeps its tasks up to
 *                                                  their execution timeout
 *   some         some     older than 12 s –        lost: frozen
 *   none         none     –              none      gone
 *
 * @param mayJudgeSilence false for a while after a stall of this process: only a death that is proven counts
 */
export function verdict(session: Session, nowMs: number, mayJudgeSilence: boolean): Verdict {
  const { streams, connections, held, isLeaving, streamlessSinceMs, disconnectedSinceMs, lastBeatMs } = session;
  if (streams.size === 0 && connections.size === 0) {
    if (nowMs - Math.max(streamlessSinceMs ?? nowMs, disconnectedSinceMs ?? nowMs) < DEAD_MS) return { kind: "alive" };
    if (held.size === 0) return { kind: "gone" };
    return { kind: "lost", reason: "the worker's process has gone: all its connections are closed" };
  }
  if (!mayJudgeSilence || isLeaving) return { kind: "alive" };
  if (streams.size === 0) {
    if (nowMs - (streamlessSinceMs ?? nowMs) < LOST_MS) return { kind: "alive" };
    return { kind: "lost", reason: `the worker's stream ended ${LOST_MS / 1000} s ago and it did not come back` };
  }
  if (session.isItsOwnHeartbeat() || nowMs - lastBeatMs < LOST_MS) return { kind: "alive" };
  return { kind: "lost", reason: `the worker sent no heartbeat for ${LOST_MS / 1000} s` };
}
