import { invalidArgument } from "./errors.ts";

/**
 * Payloads are opaque: they are checked once at the edge and then travel byte for byte. Nothing here changes a text, and
 * nobody should parse one and write it again, since that would change large integers, key order and escapes.
 */

/** A NUL as JSON writes it. Postgres cannot hold that character in text, so no payload may mean one. */
const NUL_ESCAPE = "\\u0000";

/**
 * Refuses a text that is no JSON or in which a string holds NUL. An empty text is accepted: it stands for "nothing
 * given".
 *
 * @param field name of the field, for the message
 * @throws HelveError invalid_argument
 */
export function checkJson(text: string, field: string): void {
  if (text === "" || text === "{}") return;
  if (!isJson(text)) throw invalidArgument(`Invalid request: invalid json in field \`${field}\``);
  if (hasNulEscape(text)) {
    throw invalidArgument(
      `Invalid request: encoded jsonb contains invalid null character ${NUL_ESCAPE} in field \`${field}\``,
    );
  }
}

/** Whether a text, of whatever origin, is a JSON object. */
export function isJsonObject(text: string): boolean {
  return opensObject(text) && isJson(text);
}

/** Whether a text is an object, for text already known to be JSON or empty: only its first character is looked at. */
export function opensObject(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code === 0x7b;
  }
  return false;
}

/** Built-in parsing beats any scanner written here, though its result is thrown away; it does not recurse. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** In valid JSON a backslash stands in strings only, and it escapes when an even number of backslashes precedes it. */
function hasNulEscape(text: string): boolean {
  for (let at = text.indexOf(NUL_ESCAPE); at !== -1; at = text.indexOf(NUL_ESCAPE, at + 1)) {
    let start = at;
    while (text[start - 1] === "\\") start--;
    if ((at - start) % 2 === 0) return true;
  }
  return false;
}
