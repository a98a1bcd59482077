import type { Session } from "../sessions/session.ts";
import type { Route } from "./route.ts";

/**
 * Reserves for tasks that are decided on together, in one turn of the event loop: a line that found no slot is not asked
 * again. No slot comes free meanwhile, and with a thousand full workers each question goes through all of them.
 */
export function untilFull(reserve: (route: Route) => Session | undefined): (route: Route) => Session | undefined {
  const full = new Set<Route>();
  return (route) => {
    if (full.has(route)) return undefined;
    const session = reserve(route);
    if (!session) full.add(route);
    return session;
  };
}

/**
 * Reserves for tasks that are decided on together as long as what they are sent, all in all, is less than `limit`: the last
 * one may go beyond. The others stand in line, where claims have a bound of their own.
 */
export function withinBytes(
  reserve: (route: Route) => Session | undefined,
  limit: number,
): (route: Route, bytes: number) => Session | undefined {
  let sum = 0;
  return (route, bytes) => {
    const session = sum < limit ? reserve(route) : undefined;
    if (session) sum += bytes;
    return session;
  };
}
