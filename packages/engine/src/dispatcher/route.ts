import { type Placement, readPlacement, type TenantId } from "@helve/core";
import type { RouteRow } from "@helve/store";
import type { Session } from "../sessions/session.ts";
import { LinePosition } from "./line-position.ts";

/** Workers that a route prefers equally. */
interface Tier {
  readonly rank: number;
  readonly sessions: Session[];
  /** Whose turn it is. */
  next: number;
}

/**
 * A line that tasks stand in, and who of the workers connected here can serve it.
 *
 * Which workers a route prefers is worked out when they come, go or change their labels, never for a task: a reservation
 * goes through them from the highest rank to the lowest, in turn among equals, until one has room.
 */
export class Route {
  readonly id: number;
  readonly tenantId: TenantId;
  readonly action: string;
  /** Slots that one task takes, by kind. */
  readonly slots: readonly (readonly [kind: string, units: number])[];
  /** The same as the canonical JSON that identifies the route. */
  readonly slotsText: string;
  readonly placement: Placement;
  readonly placementText: string;
  /** Until when new tasks may be put here, by the database's clock: later the row may be deleted. */
  usableUntilMs = 0;
  /**
   * Counts the news that somebody may stand in line. A claim that comes back short proves the line empty only if no news
   * came while it ran.
   */
  news = 0;
  hasWaiting = true;
  /** The name of the paused workflow that its action belongs to. Nobody serves it then; see PausedWorkflows. */
  pausedBy: string | undefined;
  readonly position: LinePosition = new LinePosition();
  /** How many of its tasks the workers connected here have room for when they have nothing else. */
  capacity = 0;
  /** From the highest rank to the lowest, none empty. */
  readonly #tiers: Tier[] = [];

  constructor({ id, tenantId, action, slots, placement }: RouteRow) {
    this.id = id;
    this.tenantId = tenantId;
    this.action = action;
    this.slotsText = slots;
    this.slots = Object.entries(JSON.parse(slots) as Record<string, number>);
    this.placementText = placement;
    this.placement = readPlacement(placement);
  }

  /** Whether any worker connected here can serve it, with room or without. */
  get hasServers(): boolean {
    return this.#tiers.length > 0;
  }

  isServedBy(session: Session): boolean {
    return this.#tiers.some((tier) => tier.sessions.includes(session));
  }

  /** Whether it prefers some of its workers to others. */
  get isRanked(): boolean {
    return this.#tiers.length > 1;
  }

  /** Takes the slots for one task on one of the workers, the preferred ones first, in turn among equals. */
  reserve(): Session | undefined {
    for (let i = 0; i < this.#tiers.length; i++) {
      const session = this.#reserveIn(this.#tiers[i] as Tier);
      if (session) return session;
    }
    return undefined;
  }

  /** The same on a worker of the highest rank, or on none. */
  reserveBest(): Session | undefined {
    const best = this.#tiers[0];
    return best && this.#reserveIn(best);
  }

  /** A reservation on this worker was given back unused: it is still its turn. */
  giveBackTurn(session: Session): void {
    for (const tier of this.#tiers) {
      const index = tier.sessions.indexOf(session);
      if (index >= 0) tier.next = index;
    }
  }

  /** A worker has come, gone or changed, or the route was paused or resumed. @returns whether it serves the route in another way than before */
  place(session: Session): boolean {
    const rank = this.pausedBy === undefined ? session.rankFor(this) : undefined;
    const former = this.#tiers.find((tier) => tier.sessions.includes(session));
    if (former?.rank === rank) return false;
    if (former) this.#leave(former, session);
    if (rank !== undefined) this.#join(rank, session);
    return true;
  }

  /** @returns whether it was there */
  remove(session: Session): boolean {
    const tier = this.#tiers.find((one) => one.sessions.includes(session));
    if (tier) this.#leave(tier, session);
    return tier !== undefined;
  }

  #reserveIn(tier: Tier): Session | undefined {
    const { sessions } = tier;
    for (let tried = 0; tried < sessions.length; tried++) {
      const session = sessions[tier.next] as Session;
      tier.next = (tier.next + 1) % sessions.length;
      if (session.take(this)) return session;
    }
    return undefined;
  }

  #join(rank: number, session: Session): void {
    let tier = this.#tiers.find((one) => one.rank === rank);
    if (!tier) {
      tier = { rank, sessions: [], next: 0 };
      this.#tiers.push(tier);
      this.#tiers.sort((a, b) => b.rank - a.rank);
    }
    tier.sessions.push(session);
    this.capacity += session.capacityFor(this);
    // Routes with few tasks each would all begin with the same worker.
    tier.next = this.id % tier.sessions.length;
  }

  #leave(tier: Tier, session: Session): void {
    const index = tier.sessions.indexOf(session);
    tier.sessions.splice(index, 1);
    this.capacity -= session.capacityFor(this);
    if (index < tier.next) tier.next--;
    if (tier.next >= tier.sessions.length) tier.next = 0;
    if (tier.sessions.length === 0) this.#tiers.splice(this.#tiers.indexOf(tier), 1);
  }
}
