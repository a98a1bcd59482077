/** How long something took, to three digits: `0.42 s`, `12.3 s`, `4 min 5 s`, `3 h 7 min`. */
export function duration(ms: number): string {
  if (ms < 1) return "<1 ms";
  if (ms < 100) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const SECOND = 1000;
const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ["d", 86_400 * SECOND],
  ["h", 3600 * SECOND],
  ["min", 60 * SECOND],
  ["s", SECOND],
];

/** How long ago, to one unit: `5 s ago`, `3 h ago`; `now` for less than a second. */
export function ago(time: string | undefined, nowMs: number): string {
  if (time === undefined) return "";
  const passed = nowMs - Date.parse(time);
  const unit = UNITS.find(([, ms]) => passed >= ms);
  return unit ? `${Math.floor(passed / unit[1])} ${unit[0]} ago` : "now";
}

/** How long it took, or has taken so far; nothing when it has not begun. */
export function elapsed(from: string | undefined, to: string | undefined, nowMs: number): string {
  if (from === undefined) return "";
  return duration(Math.max(0, (to === undefined ? nowMs : Date.parse(to)) - Date.parse(from)));
}
