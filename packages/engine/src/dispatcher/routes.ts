import { HelveError, type Placement, placementText, type TenantId } from "@helve/core";
import { type Database, type Db, getRoutes, type Line, putRoutes, type RouteRow } from "@helve/store";
import type { Clock } from "../clock.ts";
import type { Session } from "../sessions/session.ts";
import { Route } from "./route.ts";

const DAY_MS = 24 * 3_600_000;
/**
 * How long a route is kept that single runs asked for, after the last one did. That of a worker is of no use when the
 * worker is gone; labels should be there as long as somebody may replay a run that asked for them.
 */
const KEEP_MS = { any: null, sticky: DAY_MS, labels: 30 * DAY_MS } as const;
/** New tasks keep this far away from the moment when their route may be deleted. */
const MARGIN_MS = DAY_MS / 4;
/** A replica that makes the same route at the same moment can hide it from the first look. */
const MAX_LOOKS = 3;

/** Names of paused workflows by {@link actionKey} of their actions. */
export type PausedActions = ReadonlyMap<string, string>;

/** The line of a route with another placement. */
export interface Placed {
  base: Route;
  placement: Placement;
}

/**
 * The routes that this replica knows, one object each. Those of definitions stay for ever; those of single runs' wishes
 * (their own labels, a worker to stick to) are made when a run asks, and forgotten when none has asked for long.
 */
export class Routes {
  readonly #db: Database;
  readonly #byId = new Map<number, Route>();
  readonly #byLine = new Map<string, Route>();
  readonly #byAction = new Map<string, Set<Route>>();
  readonly #sessions = new Set<Session>();
  #paused: PausedActions = new Map();

  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** The route of a row. A new one finds the workers that are connected already. */
  get(row: RouteRow): Route {
    let route = this.#byId.get(row.id);
    if (!route) {
      route = this.make(row);
      this.#byId.set(row.id, route);
      this.#byLine.set(lineKey(row.tenantId, row), route);
      this.#ofAction(row.tenantId, row.action).add(route);
      for (const session of this.#sessions) route.place(session);
    }
    const usableForMs = row.keptForMs === null ? Number.POSITIVE_INFINITY : row.keptForMs - MARGIN_MS;
    route.usableUntilMs = this.#clock.now() + usableForMs;
    return route;
  }

  /** The same without keeping it. */
  make(row: RouteRow): Route {
    const route = new Route(row);
    route.pausedBy = this.#paused.get(actionKey(row.tenantId, row.action));
    return route;
  }

  /** Other actions are paused from now on. @returns routes that were resumed */
  pause(paused: PausedActions): Route[] {
    this.#paused = paused;
    const resumed: Route[] = [];
    for (const route of this.#byId.values()) {
      const workflow = paused.get(actionKey(route.tenantId, route.action));
      if (route.pausedBy === workflow) continue;
      route.pausedBy = workflow;
      for (const session of this.#sessions) route.place(session);
      if (workflow === undefined) resumed.push(route);
    }
    return resumed;
  }

  byId(id: number): Route | undefined {
    return this.#byId.get(id);
  }

  /** Routes that some worker connected here serves. */
  served(): Route[] {
    return [...this.#byId.values()].filter((route) => route.hasServers);
  }

  /** Routes that this worker serves. */
  servedBy(session: Session): Route[] {
    return [...this.#routesOf(session)].filter((route) => route.isServedBy(session));
  }

  /** The routes that a definition needs, in the order of its lines, made where they are new. */
  async put(tenantId: TenantId, lines: readonly Line[]): Promise<Route[]> {
    return this.#put(
      tenantId,
      lines.map((line) => ({ ...line, keepMs: null })),
    );
  }

  /** The same line with another placement, if it is known here and may be used. */
  findPlaced({ base, placement }: Placed): Route | undefined {
    const text = placementText(placement);
    if (text === base.placementText) return base;
    const route = this.#byLine.get(lineKey(base.tenantId, { ...lineOf(base), placement: text }));
    return route && route.usableUntilMs > this.#clock.now() ? route : undefined;
  }

  /** The same lines with other placements, made where they are new: `findPlaced` finds them then. */
  async putPlaced(wanted: readonly Placed[]): Promise<void> {
    const byTenant = new Map<TenantId, (Line & { keepMs: number | null })[]>();
    for (const { base, placement } of wanted) {
      const line = { ...lineOf(base), placement: placementText(placement), keepMs: KEEP_MS[placement.kind] };
      const lines = byTenant.get(base.tenantId);
      if (lines) lines.push(line);
      else byTenant.set(base.tenantId, [line]);
    }
    for (const [tenantId, lines] of byTenant) await this.#put(tenantId, lines);
  }

  /** Reads those of these routes that are not known here. */
  async learn(ids: Iterable<number>, db: Db = this.#db): Promise<void> {
    const unknown = [...new Set(ids)].filter((id) => !this.#byId.has(id));
    for (const row of await getRoutes(db, unknown)) this.get(row);
  }

  addSession(session: Session): void {
    this.#sessions.add(session);
    for (const route of this.#routesOf(session)) route.place(session);
  }

  /** @returns routes that nobody serves any more and in whose lines somebody may stand */
  removeSession(session: Session): Route[] {
    if (!this.#sessions.delete(session)) return [];
    return [...this.#routesOf(session)].filter((route) => {
      return route.remove(session) && !route.hasServers && route.hasWaiting;
    });
  }

  /** The labels of a worker have changed. @returns routes that it serves in another way than before */
  placeAgain(session: Session): Route[] {
    if (!this.#sessions.has(session)) return [];
    return [...this.#routesOf(session)].filter((route) => route.place(session));
  }

  /** Forgets routes that new tasks may not be put on and in whose lines nobody is known to stand. */
  forgetUnused(): void {
    const nowMs = this.#clock.now();
    for (const route of this.#byId.values()) {
      if (route.usableUntilMs > nowMs || (route.hasServers && route.hasWaiting)) continue;
      this.#byId.delete(route.id);
      this.#byLine.delete(lineKey(route.tenantId, lineOf(route)));
      this.#ofAction(route.tenantId, route.action).delete(route);
    }
  }

  async #put(tenantId: TenantId, lines: readonly (Line & { keepMs: number | null })[]): Promise<Route[]> {
    const found = new Map<string, Route>();
    const keys = lines.map((line) => lineKey(tenantId, line));
    for (let looks = 0; looks < MAX_LOOKS && !keys.every((key) => found.has(key)); looks++) {
      for (const row of await putRoutes(this.#db, tenantId, lines)) found.set(lineKey(tenantId, row), this.get(row));
    }
    return keys.map((key) => {
      const route = found.get(key);
      if (!route) throw new HelveError("unavailable", `the route ${key} was made by others and cannot be seen yet`);
      return route;
    });
  }

  *#routesOf({ tenantId, actions }: Session): Iterable<Route> {
    for (const action of actions) yield* this.#byAction.get(actionKey(tenantId, action)) ?? [];
  }

  #ofAction(tenantId: TenantId, action: string): Set<Route> {
    const key = actionKey(tenantId, action);
    const routes = this.#byAction.get(key) ?? new Set();
    this.#byAction.set(key, routes);
    return routes;
  }
}

/** Names an action among those of all tenants. */
export function actionKey(tenantId: TenantId, action: string): string {
  return `${tenantId} ${action}`;
}

function lineOf({ action, slotsText, placementText: placement }: Route): Line {
  return { action, slots: slotsText, placement };
}

function lineKey(tenantId: TenantId, { action, slots, placement }: Line): string {
  return `${tenantId} ${action} ${slots} ${placement}`;
}
