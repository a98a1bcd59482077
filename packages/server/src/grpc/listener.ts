import { createServer, type Server as NetServer, type Socket } from "node:net";
import { type Server, ServerCredentials } from "@grpc/grpc-js";
import { HelveError } from "@helve/core";
import type { Tls } from "../tls-files.ts";
import type { Connections } from "./connections.ts";
import { ReloadingCredentials } from "./reloading-credentials.ts";

export interface ListenOptions {
  server: Server;
  connections: Connections;
  host: string;
  /** 0: any that is free. */
  port: number;
  tls: Tls | undefined;
}

export interface Listener {
  readonly port: number;
  /** Accepts no more connections; open ones live on until their last call has ended. */
  close(): void;
  /** Closes what is still open, soon. */
  cutOff(): Promise<void>;
}

/**
 * What is left to a peer to close its side of a connection that has ended: one that is no longer there never does, and would
 * keep the process.
 */
const CLOSING_MS = 2_000;

/**
 * Listens with a socket of our own and hands each connection to the gRPC server, so that we see connections come and go.
 *
 * @throws HelveError `unavailable` when the port is taken or not allowed
 */
export async function listen({ server, connections, host, port, tls }: ListenOptions): Promise<Listener> {
  const injector = server.createConnectionInjector(
    tls ? new ReloadingCredentials(tls) : ServerCredentials.createInsecure(),
  );
  const sockets = new Set<Socket>();
  const netServer = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    connections.opened(socket);
    injector.injectConnection(socket);
  });
  await new Promise<void>((resolve, reject) => {
    netServer.once("error", (error) => reject(cannotListen("gRPC", host, port, error)));
    netServer.listen({ host, port, backlog: 1024 }, resolve);
  });
  return {
    port: portOf(netServer),
    close() {
      netServer.close();
      for (const socket of sockets) {
        // All that it was to be sent is on its way.
        if (socket.writableFinished) closeSoon(socket);
        else socket.once("finish", () => closeSoon(socket));
      }
    },
    async cutOff() {
      for (const socket of sockets) closeSoon(socket);
      await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve))));
    },
  };
}

function closeSoon(socket: Socket): void {
  setTimeout(() => socket.destroy(), CLOSING_MS).unref();
}

function portOf(server: NetServer): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** The sentence for an address that cannot be listened on. */
export function cannotListen(what: string, host: string, port: number, cause: Error): HelveError {
  const code = (cause as NodeJS.ErrnoException).code;
  const reason =
    code === "EADDRINUSE"
      ? "another program has it"
      : code === "EACCES"
        ? "this user may not"
        : code === "EADDRNOTAVAIL" || code === "ENOTFOUND"
          ? "this machine has no such address"
          : cause.message;
  return new HelveError("unavailable", `cannot listen for ${what} on ${host}:${port}: ${reason}`, { cause });
}
