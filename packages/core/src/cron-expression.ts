/**
 * The grammar of cron triggers: five fields (minute, hour, day of month, month, day of week) or six with seconds in
 * front, after an optional `TZ=Area/City` or `CRON_TZ=Area/City`. A field is a list of `*`, `?`, numbers, names and
 * ranges, each with an optional `/step`. Descriptors such as `@daily` are not part of it.
 *
 * This only tells good from bad at registration; when an expression is due is another matter.
 */
interface CronField {
  name: string;
  min: number;
  max: number;
  names?: readonly string[];
}

const FIELDS: readonly CronField[] = [
  { name: "second", min: 0, max: 59 },
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day of month", min: 1, max: 31 },
  {
    name: "month",
    min: 1,
    max: 12,
    names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  },
  { name: "day of week", min: 0, max: 6, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

const ZONE = /^(?:CRON_)?TZ=(\S*)\s+/;
const RANGE = /^(?:([*?])|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/([0-9]+))?$/;

/** What is wrong with a cron expression, as the rest of a sentence ("it …"); `undefined` when nothing is. */
export function cronProblem(expression: string): string | undefined {
  const zone = ZONE.exec(expression);
  if (zone && !isTimeZone(zone[1] ?? "")) return `has the unknown time zone "${zone[1]}"`;
  const text = expression.slice(zone?.[0].length ?? 0).trim();
  const parts = text === "" ? [] : text.split(/\s+/);
  if (parts.length !== 5 && parts.length !== 6) return `needs 5 or 6 fields and has ${parts.length}`;

  const fields = FIELDS.slice(FIELDS.length - parts.length);
  const bad = fields.findIndex((field, i) => !isFieldText(parts[i] ?? "", field));
  return bad === -1 ? undefined : `has the bad ${fields[bad]?.name} "${parts[bad]}"`;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function isFieldText(text: string, field: CronField): boolean {
  return text
    .toLowerCase()
    .split(",")
    .every((range) => isRange(range, field));
}

function isRange(text: string, field: CronField): boolean {
  const match = RANGE.exec(text);
  if (match === null) return false;
  const [, any, first, last, step] = match;
  if (step !== undefined && Number(step) === 0) return false;
  if (any !== undefined || first === undefined) return true;
  const from = numberOf(first, field);
  const to = numberOf(last ?? first, field);
  return from !== undefined && to !== undefined && from <= to;
}

function numberOf(text: string, { min, max, names }: CronField): number | undefined {
  const index = names?.indexOf(text) ?? -1;
  if (index !== -1) return min + index;
  const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}
