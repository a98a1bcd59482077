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
