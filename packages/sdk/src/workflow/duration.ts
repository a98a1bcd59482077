import { HelveError } from "../errors.ts";

type Unit = "ms" | "s" | "m" | "h";

/** A length of time as text, such as `"500ms"`, `"1.5s"` or `"1h30m"`. */
export type DurationString = `${number}${Unit}` | `${number}${Unit}${number}${Unit}` | `${number}h${number}m${number}s`;

export interface DurationObject {
  hours?: number | undefined;
  minutes?: number | undefined;
  seconds?: number | undefined;
}

/** A length of time. A bare number is milliseconds. */
export type Duration = DurationString | DurationObject | number;

const GRAMMAR = /^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ms|s|m|h))+$/;
const MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * The form durations have on the wire: `number` and `ms`, `s`, `m` or `h`, once or more.
 *
 * @throws HelveError invalid_argument for a text of another form and for a negative length
 */
export function durationToString(duration: Duration): string {
  if (typeof duration !== "string") return `${durationToMs(duration)}ms`;
  if (!GRAMMAR.test(duration)) throw notADuration(duration);
  return duration;
}

/** @throws HelveError invalid_argument for a text of another form and for a negative length */
export function durationToMs(duration: Duration): number {
  if (typeof duration === "string") {
    let total = 0;
    for (const [, number, unit] of durationToString(duration).matchAll(/([\d.]+)(ms|s|m|h)/g)) {
      total += Number(number) * (MS[unit as string] as number);
    }
    return Math.round(total);
  }
  const ms =
    typeof duration === "number"
      ? duration
      : (duration.hours ?? 0) * 3_600_000 + (duration.minutes ?? 0) * 60_000 + (duration.seconds ?? 0) * 1_000;
  if (!Number.isFinite(ms) || ms < 0) throw notADuration(JSON.stringify(duration));
  return Math.round(ms);
}

function notADuration(text: string): HelveError {
  return new HelveError("invalid_argument", `'${text}' is no duration; write for example "30s", "1h30m" or "500ms"`);
}
