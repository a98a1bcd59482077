import { errorMessage, NonRetryableError } from "../errors.ts";

/** What a message has around its texts, at most. */
const AROUND_BYTES = 4_096;

/**
 * The output of a task as it is reported; null when there is none.
 *
 * @param maxBytes largest message the engine takes
 * @throws NonRetryableError for what is no JSON and for what is too large: the next attempt would give it again
 */
export function outputText(output: unknown, taskName: string, maxBytes: number): string {
  let text: string;
  try {
    text = JSON.stringify(output) ?? "null";
  } catch (cause) {
    throw new NonRetryableError(`the output of '${taskName}' is no JSON: ${errorMessage(cause)}`, { cause });
  }
  // A character has three bytes at most: only what could be too large is counted.
  if (text.length <= maxBytes / 4) return text;
  const bytes = Buffer.byteLength(text) + AROUND_BYTES;
  if (bytes <= maxBytes) return text;
  throw new NonRetryableError(`the output of '${taskName}' has ${bytes} bytes; the engine takes ${maxBytes}`);
}

/** An error as it is reported: JSON, so that whoever waits for the run gets message and stack apart. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify({ message: String(error) });
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack ?? error.cause.message}` : "";
  return JSON.stringify({ message: error.message, stack: `${error.stack ?? error.message}${cause}` });
}
