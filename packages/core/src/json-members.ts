/** One member of a JSON object, as it stands in the text: `rawKey` with its quotes, `rawValue` without outer spaces. */
export interface JsonMember {
  /** The key with escapes resolved; what two spellings of one key have in common. */
  key: string;
  rawKey: string;
  rawValue: string;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Cuts a JSON object into its outermost members without reading their values, so that they can be put together anew with
 * every digit and escape intact. A key that stands there twice is listed twice.
 *
 * @param text a JSON object, already known to be valid; for any other text the result means nothing
 */
export function jsonMembers(text: string): JsonMember[] {
  const members: JsonMember[] = [];
  let at = text.indexOf("{") + 1;
  for (;;) {
    const keyStart = text.indexOf('"', at);
    if (keyStart === -1) return members;
    const keyEnd = stringEnd(text, keyStart);
    const rawKey = text.slice(keyStart, keyEnd);
    const valueStart = text.indexOf(":", keyEnd) + 1;
    const valueEnd = memberEnd(text, valueStart);
    members.push({ key: keyOf(rawKey), rawKey, rawValue: text.slice(valueStart, valueEnd).trim() });
    at = valueEnd;
  }
}

function keyOf(rawKey: string): string {
  return rawKey.includes("\\") ? (JSON.parse(rawKey) as string) : rawKey.slice(1, -1);
}

/** The place behind the string whose opening quote stands at `start`. */
function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === QUOTE) return i + 1;
  }
  return text.length;
}

/** The place of the comma or brace that ends the member whose value begins at `start`. */
function memberEnd(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = stringEnd(text, i) - 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
    else if (depth === 0 && (code === COMMA || code === CLOSE_BRACE)) return i;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
  }
  return text.length;
}
