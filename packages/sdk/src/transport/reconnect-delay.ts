/** First wait. The engine gives a worker's tasks away when it has been gone for 1.5 s, so the first tries come quickly. */
const INITIAL_MS = 100;
/** An engine that is back has its workers within a second; trying costs either side a refused connection. */
const MAX_MS = 1_000;

/**
 * How long to wait before connecting again. It doubles, and half of it is left to chance, so that the workers of a fleet
 * do not come back in the same instant.
 *
 * @param failures tries in a row that led to nothing, from 1
 * @param random   uniform in [0, 1)
 */
export function reconnectDelayMs(failures: number, random: number): number {
  const full = Math.min(MAX_MS, INITIAL_MS * 2 ** (failures - 1));
  return full / 2 + (full / 2) * random;
}
