import { DURATION_RULE, parseDurationMs } from "./duration.ts";
import { type HelveError, invalidArgument } from "./errors.ts";

/**
 * Checks of single fields of a request. `field` says where the value stands, in the sender's words ("timeout of task
 * 'a'"), and every refusal names the field, the value and what is allowed there.
 */

/** A message travels as a header, so what comes from the sender is cut. A field may hold a key and the name of a task. */
const SHOWN_VALUE = 200;
const SHOWN_FIELD = 500;

/** Largest value of the wire's 32-bit whole numbers. */
export const MAX_INT32: number = 2 ** 31 - 1;

/** The error for a value that is not allowed; `rule` goes on after "it": "must be …". */
export function fieldError(field: string, value: unknown, rule: string): HelveError {
  return invalidArgument(`${cut(field, SHOWN_FIELD)} is ${value === undefined ? "missing" : shown(value)}: it ${rule}`);
}

/** A value as messages show it: texts in quotes, long ones cut. */
export function shown(value: unknown): string {
  return cut(typeof value === "string" ? JSON.stringify(value) : String(value), SHOWN_VALUE);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (${text.length} characters)`;
}

/** A text that may not be empty or blank. */
export function requiredText(value: string | undefined, field: string, rule = "must not be empty"): string {
  if (value === undefined || value.trim() === "") throw fieldError(field, value, rule);
  return value;
}

/** A whole number within bounds, both included. */
export function wholeNumber(value: number | undefined, field: string, min: number, max: number): number {
  if (value === undefined || !Number.isSafeInteger(value) || value < min || value > max) {
    throw fieldError(field, value, `must be a whole number from ${min} to ${max}`);
  }
  return value;
}

/** A duration, in whole milliseconds. */
export function durationMs(value: string | undefined, field: string): number {
  const ms = value === undefined ? undefined : parseDurationMs(value);
  if (ms === undefined) throw fieldError(field, value, DURATION_RULE);
  return ms;
}

/** One of several words, in either case; the answer is in lower case. Messages show them as the wire spells them. */
export function oneOf<Word extends string>(value: string | undefined, field: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === value?.toLowerCase());
  if (found === undefined) {
    throw fieldError(field, value, `must be one of ${words.map((word) => word.toUpperCase()).join(", ")}`);
  }
  return found;
}

/**
 * Refuses the character NUL in any text of a value, however deep: Postgres cannot store it.
 *
 * @param field name of the value, for the message
 * @throws HelveError invalid_argument
 */
export function refuseNul(value: unknown, field: string): void {
  if (typeof value === "string") {
    if (value.includes("\0")) throw fieldError(field, value, "must not contain the character NUL");
  } else if (typeof value === "object" && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      refuseNul(key, `key in ${field}`);
      refuseNul(part, `${field}.${key}`);
    }
  }
}
