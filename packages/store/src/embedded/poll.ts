import { setTimeout as delay } from "node:timers/promises";

/**
 * Asks again and again until the answer is yes.
 *
 * @returns whether it became true within `limitMs`
 */
export async function becomesTrue(
  check: () => boolean | Promise<boolean>,
  { everyMs, limitMs }: { everyMs: number; limitMs: number },
): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (!(await check())) {
    if (performance.now() >= end) return false;
    await delay(everyMs);
  }
  return true;
}
