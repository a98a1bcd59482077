/**
 * JSON text that goes into an answer as it is: inputs, outputs and metadata keep every digit, key order and escape. The
 * text was checked when it came in.
 */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const EMPTY_OBJECT = new RawJson("{}");

/** A stored text where the wire wants an object: anything else, and nothing, shows as an empty one. */
export function rawObject(text: string | null | undefined): RawJson {
  if (text === null || text === undefined || text === "{}") return EMPTY_OBJECT;
  return text.trimStart().startsWith("{") ? new RawJson(text) : EMPTY_OBJECT;
}

/** Writes a value as JSON. Members that are undefined are left out; a Date is RFC 3339 in UTC. */
export function toJson(value: unknown): string {
  if (value instanceof RawJson) return value.text;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (value instanceof Date) return `"${value.toISOString()}"`;
  if (Array.isArray(value)) return `[${value.map(toJson).join(",")}]`;
  const members: string[] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${toJson(member)}`);
  }
  return `{${members.join(",")}}`;
}
