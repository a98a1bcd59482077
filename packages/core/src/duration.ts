/**
 * Durations as the wire writes them: one or more `<number><unit>` in a row, such as `90s`, `1h30m` or `1.5h`. Units are
 * ms, s, m and h; there are no days, signs or spaces.
 *
 * Sums are made in whole nanoseconds, so that `1.1s` is 1100 ms and not a neighbouring fraction.
 */
const DURATION = /^(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ms|s|m|h))+$/;
const COMPONENT = /([0-9]*)(?:\.([0-9]*))?(ms|s|m|h)/g;

const NANOS_PER_MS = 1_000_000n;
const NANOS_PER_UNIT: Readonly<Record<string, bigint>> = {
  ms: NANOS_PER_MS,
  s: 1_000n * NANOS_PER_MS,
  m: 60_000n * NANOS_PER_MS,
  h: 3_600_000n * NANOS_PER_MS,
};

/** The longest duration there is: 63 bits of nanoseconds, some 292 years. Clients hold durations in such a number. */
const MAX_NANOS = 2n ** 63n - 1n;
/** Longer whole parts overflow whatever their unit, and longer fractions change less than a nanosecond. */
const MAX_DIGITS = 19;

/** What a duration may look like, to end an error message with. */
export const DURATION_RULE =
  'must be one or more <number><unit> with the units "ms", "s", "m" and "h", such as "90s", "1h30m" or "1.5h"';

/**
 * Reads a duration.
 *
 * @returns whole milliseconds, a fraction counting as one more; `undefined` when the text is no duration or one of more
 * than 292 years
 */
export function parseDurationMs(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let total = 0n;
  for (const [, whole = "", fraction = "", unit = ""] of text.matchAll(COMPONENT)) {
    const digits = whole.replace(/^0+/, "");
    if (digits.length > MAX_DIGITS) return undefined;
    const perUnit = NANOS_PER_UNIT[unit] ?? 0n;
    total += BigInt(digits) * perUnit + fractionNanos(fraction.slice(0, MAX_DIGITS), perUnit);
    if (total > MAX_NANOS) return undefined;
  }
  return Number((total + NANOS_PER_MS - 1n) / NANOS_PER_MS);
}

function fractionNanos(digits: string, perUnit: bigint): bigint {
  return (BigInt(digits) * perUnit) / 10n ** BigInt(digits.length);
}

/**
 * Writes a duration the way Go prints one, which is what people compare messages of both engines by: `500ms`, `1.5s`,
 * `1m0s`, `1h0m0.25s`; zero is `0s`.
 *
 * @param ms rounded to a whole number
 */
export function formatDuration(ms: number): string {
  const whole = Math.round(ms);
  if (whole < 0) return `-${formatDuration(-whole)}`;
  if (whole === 0) return "0s";
  if (whole < 1000) return `${whole}ms`;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor(whole / 60_000) % 60;
  const seconds = `${(whole % 60_000) / 1000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
