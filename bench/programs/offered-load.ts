import { setTimeout } from "node:timers/promises";
import { now } from "./starts.ts";

/** Times of each trigger, by `now`. */
export interface OfferedLoad {
  /** When it was to be sent: a client that falls behind does not thereby make its figures better. */
  scheduledAt: Float64Array;
  sentAt: Float64Array;
  acknowledgedAt: Float64Array;
}

const TICK_MS = 1;

/**
 * Sends triggers at fixed times, whatever became of those before (open loop).
 *
 * @param load so many in all, at that rate
 * @returns when all are acknowledged
 */
export async function offeredLoad(
  { perSecond, count }: { perSecond: number; count: number },
  trigger: (n: number) => Promise<unknown>,
): Promise<OfferedLoad> {
  const scheduledAt = new Float64Array(count);
  const sentAt = new Float64Array(count);
  const acknowledgedAt = new Float64Array(count);
  const beginsAt = now() + 20;
  const answers: Promise<void>[] = [];
  for (let n = 0; n < count; ) {
    await setTimeout(TICK_MS);
    for (; n < count && beginsAt + (n * 1000) / perSecond <= now(); n++) {
      const own = n;
      scheduledAt[own] = beginsAt + (own * 1000) / perSecond;
      sentAt[own] = now();
      answers.push(
        trigger(own).then(() => {
          acknowledgedAt[own] = now();
        }),
      );
    }
  }
  await Promise.all(answers);
  return { scheduledAt, sentAt, acknowledgedAt };
}
