import { HelveError } from "@helve/core";
import type { Scope } from "./scopes.ts";

/**
 * Whether a token may start these runs, where the call as such is allowed to it: a worker's starts children of tasks, and no
 * others. That the parent is a task of the same tenant is looked at by the engine.
 *
 * @throws HelveError permission_denied
 */
export function requireMayTrigger(scope: Scope, runs: readonly { parentTaskId?: string | undefined }[]): void {
  if (scope === "admin" || scope === "trigger") return;
  if (scope === "read") throw denied("a token with the scope read starts no runs");
  if (runs.some(({ parentTaskId }) => parentTaskId === undefined)) {
    throw denied("a token with the scope worker starts runs only as children of a task; this one names no parent task");
  }
}

/** Runs that a filter means may be anybody's. @throws HelveError permission_denied */
export function requireMayFilter(scope: Scope): void {
  if (scope === "admin") return;
  throw denied(`a token with the scope ${scope} cancels and replays by ids; by a filter it takes the scope admin`);
}

function denied(message: string): HelveError {
  return new HelveError("permission_denied", message);
}
