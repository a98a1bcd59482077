import type { TenantId } from "@helve/core";
import type { RouteRow } from "@helve/store";
import type { Session } from "../sessions/session.ts";

/** A line that tasks stand in, and who of the workers connected here can serve it. */
export class Route {
  readonly id: number;
  readonly tenantId: TenantId;
  readonly action: string;
  /** Slots that one task takes, by kind. */
  readonly slots: readonly (readonly [kind: string, units: number])[];
  readonly servers: Session[] = [];
  /**
   * Counts the news that somebody may stand in line. A claim that comes back short proves the line empty only if no news
   * came while it ran.
   */
  news = 0;
  hasWaiting = true;
  #next = 0;

  constructor({ id, tenantId, action, slots }: RouteRow) {
    this.id = id;
    this.tenantId = tenantId;
    this.action = action;
    this.slots = Object.entries(JSON.parse(slots) as Record<string, number>);
  }

  /** Takes the slots for one task on one of the workers, in turn. */
  reserve(): Session | undefined {
    for (let tried = 0; tried < this.servers.length; tried++) {
      const session = this.servers[this.#next % this.servers.length] as Session;
      this.#next = (this.#next + 1) % this.servers.length;
      if (session.take(this)) return session;
    }
    return undefined;
  }
}

/** The routes that this replica knows, one object each. */
export class Routes {
  readonly #byId = new Map<number, Route>();
  readonly #sessions = new Set<Session>();

  /** The route of a row. A new one finds the workers that are connected already. */
  get(row: RouteRow): Route {
    let route = this.#byId.get(row.id);
    if (!route) {
      route = new Route(row);
      this.#byId.set(row.id, route);
      for (const session of this.#sessions) if (session.canServe(route)) route.servers.push(session);
    }
    return route;
  }

  byId(id: number): Route | undefined {
    return this.#byId.get(id);
  }

  /** Routes that some worker connected here serves. */
  served(): Route[] {
    return [...this.#byId.values()].filter((route) => route.servers.length > 0);
  }

  addSession(session: Session): void {
    this.#sessions.add(session);
    for (const route of this.#byId.values()) if (session.canServe(route)) route.servers.push(session);
  }

  removeSession(session: Session): void {
    if (!this.#sessions.delete(session)) return;
    for (const route of this.#byId.values()) {
      const index = route.servers.indexOf(session);
      if (index >= 0) route.servers.splice(index, 1);
    }
  }
}
