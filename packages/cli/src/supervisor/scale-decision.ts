/** How many copies there may be, and how patient the change of their number is. */
export interface ScaleLimits {
  readonly min: number;
  readonly max: number;
  /** More copies when a task has waited for so long, and no slot is free. */
  readonly upAfterMs: number;
  /** Fewer when the work has fitted into fewer copies for so long. */
  readonly downAfterMs: number;
}

/** What is seen of the load at one moment. */
export interface ScaleFacts {
  readonly nowMs: number;
  /** Copies that are wanted now. */
  readonly copies: number;
  /** Those of them whose worker is given work. */
  readonly ready: number;
  /** Of all of their workers. */
  readonly usedSlots: number;
  readonly totalSlots: number;
  /** How long the oldest task waits that they could do; undefined when none waits. */
  readonly waitingForMs: number | undefined;
}

/** What is remembered from one look to the next. */
export interface ScaleMemory {
  /** Since when the work would have fitted into fewer copies. */
  readonly spareSinceMs: number | undefined;
}

export interface ScaleDecision {
  readonly copies: number;
  readonly memory: ScaleMemory;
  /** Why the number changes. */
  readonly reason: string | undefined;
}

export const NOTHING_SEEN: ScaleMemory = { spareSinceMs: undefined };

/** After one copy less, the slots that are left may be taken up to this share: there has to be room for what comes. */
const FULL_ENOUGH = 0.8;

/**
 * How many copies there should be.
 *
 *   up    a task waits for longer than `upAfterMs` while nearly all slots are taken: half as many again, at least one. Not
 *         while copies that were started before are not ready: they may be enough.
 *   down  nothing waits, and the work would leave a fifth of the slots free with one copy less, for `downAfterMs` without
 *         a break: one less. The time begins anew after each step.
 *
 * The two cannot follow each other at once: what makes it grow ends the time that makes it shrink.
 */
export function decideScale(facts: ScaleFacts, limits: ScaleLimits, memory: ScaleMemory): ScaleDecision {
  const { nowMs, copies, ready, usedSlots, totalSlots, waitingForMs } = facts;
  const { min, max, upAfterMs, downAfterMs } = limits;
  const stay: ScaleDecision = { copies, memory: NOTHING_SEEN, reason: undefined };
  if (copies < min) return { ...stay, copies: min, reason: `at least ${min}` };
  if (copies > max) return { ...stay, copies: max, reason: `at most ${max}` };
  if (ready < copies) return stay;

  if (waitingForMs !== undefined) {
    if (waitingForMs < upAfterMs || copies === max || usedSlots < totalSlots * FULL_ENOUGH) return stay;
    const more = Math.min(max, copies + Math.max(1, Math.floor(copies / 2)));
    const waits = `a task has waited for ${Math.round(waitingForMs / 1000)} s`;
    return { ...stay, copies: more, reason: `${waits}, ${usedSlots} of ${totalSlots} slots are taken` };
  }

  const slotsLeft = totalSlots - totalSlots / copies;
  if (copies === min || usedSlots > slotsLeft * FULL_ENOUGH) return stay;
  const spareSinceMs = memory.spareSinceMs ?? nowMs;
  if (nowMs - spareSinceMs < downAfterMs) return { ...stay, memory: { spareSinceMs } };
  const seconds = Math.round((nowMs - spareSinceMs) / 1000);
  return { ...stay, copies: copies - 1, reason: `one copy less would have done for ${seconds} s` };
}
