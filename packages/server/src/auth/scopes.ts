import { invalidArgument } from "@helve/core";

/** What a token is for; permissions.ts says what each may do. */
export const SCOPES = ["admin", "worker", "trigger", "read"] as const;

export type Scope = (typeof SCOPES)[number];

/** @throws HelveError invalid_argument with the scopes that there are */
export function readScope(text: string): Scope {
  const scope = SCOPES.find((one) => one === text);
  if (scope === undefined) throw invalidArgument(`there is no scope '${text}': it must be one of ${SCOPES.join(", ")}`);
  return scope;
}
