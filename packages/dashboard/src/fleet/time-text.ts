const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
] as const;

/** A span of time as one reads it at a glance, rounded down: `4 s`, `3 min`, `5 h`, `2 d`. */
export function spanText(ms: number): string {
  for (const [unit, unitMs] of UNITS) if (ms >= unitMs) return `${Math.floor(ms / unitMs)} ${unit}`;
  return `${Math.floor(ms / 1000)} s`;
}

/** `1 worker`, `12 workers`. */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
