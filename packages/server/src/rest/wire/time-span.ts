import { invalidArgument, parseDurationMs } from "@helve/core";

/**
 * A duration that may begin with days, which durations elsewhere have not: `24h`, `1d12h`, `90d`.
 *
 * @returns ms, more than 0 @throws HelveError naming the field
 */
export function readTimeSpan(text: string, field: string): number {
  const [, days = "0", rest = ""] = /^(?:(\d{1,5})d)?(.*)$/s.exec(text) ?? [];
  const ms = rest === "" ? 0 : parseDurationMs(rest);
  const spanMs = ms === undefined ? 0 : Number(days) * 86_400_000 + ms;
  if (spanMs > 0) return spanMs;
  throw invalidArgument(`${field} must be a time such as 24h or 1d12h, got "${text.slice(0, 100)}"`);
}
