import type { ConnectionId } from "../api.ts";
import type { Clock } from "../clock.ts";
import type { Session } from "./session.ts";

/** Which workers speak over which connection. One whose last has closed has no process any more, or is about to come back. */
export class Connections {
  readonly #clock: Clock;
  readonly #users = new Map<ConnectionId, Set<Session>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  used(connection: ConnectionId, session: Session): void {
    if (session.connections.has(connection)) return;
    session.connections.add(connection);
    session.disconnectedSinceMs = undefined;
    const users = this.#users.get(connection) ?? new Set();
    this.#users.set(connection, users.add(session));
  }

  closed(connection: ConnectionId): void {
    for (const session of this.#users.get(connection) ?? []) {
      session.connections.delete(connection);
      if (session.connections.size === 0) session.disconnectedSinceMs = this.#clock.steady();
    }
    this.#users.delete(connection);
  }

  /** The session is over; whoever speaks over its connections next begins another one. */
  forget(session: Session): void {
    for (const connection of session.connections) this.#users.get(connection)?.delete(session);
  }
}
