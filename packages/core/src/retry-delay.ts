/** The longest back-off of a task that gives a factor and no maximum: a day. */
export const DEFAULT_BACKOFF_MAX_SECONDS = 86_400;

/** The part of a task that decides how long its retries wait. */
export interface Backoff {
  backoffFactor?: number | undefined;
  backoffMaxSeconds?: number | undefined;
}

/**
 * How long a failed task waits before it is queued again: min(maximum, factor^retry) seconds.
 *
 * The delay has no jitter: clients' own tests measure it, and the budget for it is 50 ms.
 *
 * @param retry which retry it will be, from 1
 * @returns whole milliseconds; 0 without a factor
 */
export function retryDelayMs({ backoffFactor, backoffMaxSeconds }: Backoff, retry: number): number {
  if (backoffFactor === undefined) return 0;
  // A large power is Infinity, which the maximum tames as well.
  const seconds = Math.min(backoffMaxSeconds ?? DEFAULT_BACKOFF_MAX_SECONDS, backoffFactor ** retry);
  return Math.round(seconds * 1000);
}
