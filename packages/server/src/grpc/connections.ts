import type { Socket } from "node:net";
import type { ConnectionId } from "@helve/engine";

/**
 * The TCP connections of this process. What proves a worker dead is that all its connections are gone, so each gets a name
 * when it is accepted, calls are told which one they came over, and its end is reported.
 */
export interface Connections {
  /** Takes note of a connection that was accepted just now. */
  opened(socket: Socket): void;
  /** @param peer `address:port`, as gRPC names the other side of a call */
  idOf(peer: string): ConnectionId;
  isOpen(connection: ConnectionId): boolean;
}

/** @param onClosed called once for each connection, when its socket is gone */
export function connections(onClosed: (connection: ConnectionId) => void): Connections {
  const ids = new Map<string, ConnectionId>();
  const open = new Set<ConnectionId>();
  let count = 0;
  return {
    opened(socket) {
      const peer = `${socket.remoteAddress}:${socket.remotePort}`;
      // The same peer may come again, in the same instant even, and is another connection then.
      const id = `${peer}#${++count}`;
      ids.set(peer, id);
      open.add(id);
      socket.once("close", () => {
        open.delete(id);
        if (ids.get(peer) === id) ids.delete(peer);
        onClosed(id);
      });
    },
    // A call whose connection has just broken has no peer any more. It gets the name of a connection that is not open.
    idOf: (peer) => ids.get(peer) ?? `${peer}#gone`,
    isOpen: (connection) => open.has(connection),
  };
}
