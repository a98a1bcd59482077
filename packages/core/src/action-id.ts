/**
 * An action is what a worker registers and a task asks for: `service:verb`, or `service:verb:sub`. Clients differ in the
 * case they send (some lower-case half of it), so both sides are matched by the id in lower case as a whole.
 */
export interface ActionId {
  service: string;
  verb: string;
  sub?: string;
}

/**
 * Names of workflows, tasks, workers and services. Case counts. The length is bounded because names stand in index
 * entries, which Postgres limits to 2,704 bytes, and in error messages, which travel as a header.
 */
export const NAME_PATTERN: RegExp = /^[a-zA-Z0-9.\-_]{1,255}$/;

/** Room for two names and their colon, and in any script for an index entry. */
const MAX_ACTION_LENGTH = 600;

/** What a name may look like, to end an error message with. */
export const NAME_RULE = 'must be 1 to 255 letters, digits, ".", "-" and "_"';

/** What an action may look like, to end an error message with. */
export const ACTION_RULE =
  "must be two or three non-empty parts divided by colons, such as service:verb, and at most 600 characters";

/** Whether a text may name a workflow, a task (its readable id), a worker or a service. */
export function isName(text: string): boolean {
  return NAME_PATTERN.test(text);
}

/** Takes an action id apart, as written; `undefined` when it has not two or three non-empty parts or is too long. */
export function parseActionId(text: string): ActionId | undefined {
  if (text.length > MAX_ACTION_LENGTH) return undefined;
  const [service, verb, sub, more] = text.split(":");
  if (!service || !verb || sub === "" || more !== undefined) return undefined;
  return sub === undefined ? { service, verb } : { service, verb, sub };
}

/** The form of an action id by which workers and tasks are matched; `undefined` when it is none. */
export function normaliseActionId(text: string): string | undefined {
  return parseActionId(text) && text.toLowerCase();
}
