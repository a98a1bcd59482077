import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { connections } from "./connections.ts";

function socketFrom(remoteAddress: string, remotePort: number): Socket {
  return Object.assign(new EventEmitter(), { remoteAddress, remotePort }) as Socket;
}

test("names a connection from its opening to its close", () => {
  const closed: string[] = [];
  const seen = connections((connection) => closed.push(connection));
  const socket = socketFrom("10.0.0.1", 4000);

  seen.opened(socket);
  const id = seen.idOf("10.0.0.1:4000");
  expect(seen.isOpen(id)).toBe(true);
  socket.emit("close");

  expect(closed).toEqual([id]);
  expect(seen.isOpen(id)).toBe(false);
  expect(seen.isOpen(seen.idOf("10.0.0.1:4000"))).toBe(false);
});

test("the same peer on a new connection is not taken for the old one, whose close comes late", () => {
  const closed: string[] = [];
  const seen = connections((connection) => closed.push(connection));
  const [old, next] = [socketFrom("::1", 1), socketFrom("::1", 1)];
  seen.opened(old);
  const oldId = seen.idOf("::1:1");

  seen.opened(next);
  old.emit("close");

  expect(closed).toEqual([oldId]);
  expect(seen.isOpen(seen.idOf("::1:1"))).toBe(true);
});
