import { randomUUID } from "node:crypto";

/** Stands for a raw text while the rest is written. Nobody outside learns it, so no text can hold it. */
const MARK = `raw-json-${randomUUID()}-`;
const MARKED = new RegExp(`"${MARK}(\\d+)"`, "g");
let marked: string[] = [];

/**
 * JSON text that goes into an answer as it is: inputs, outputs and metadata keep every digit, key order and escape. The
 * text was checked when it came in.
 */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): string {
    return MARK + (marked.push(this.text) - 1);
  }
}

const EMPTY_OBJECT = new RawJson("{}");

/** A stored text where the wire wants an object: anything else, and nothing, shows as an empty one. */
export function rawObject(text: string | null | undefined): RawJson {
  if (text === null || text === undefined || text === "{}") return EMPTY_OBJECT;
  return text.trimStart().startsWith("{") ? new RawJson(text) : EMPTY_OBJECT;
}

/**
 * Writes a value as JSON. Members that are undefined are left out; a Date is RFC 3339 in UTC.
 *
 * The built-in does the work, four times as fast as anything written here: raw texts are marks to it, which are replaced
 * afterwards.
 */
export function toJson(value: unknown): string {
  marked = [];
  const text = JSON.stringify(value) ?? "null";
  return marked.length === 0 ? text : text.replace(MARKED, (_, index: string) => marked[Number(index)] as string);
}
