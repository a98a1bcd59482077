import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { FastifyInstance } from "fastify";
import { cannotListen } from "./grpc/listener.ts";
import type { Tls, TlsFiles } from "./tls-files.ts";

export interface HttpServerOptions {
  app: FastifyInstance;
  host: string;
  /** 0: any that is free. */
  port: number;
  tls: Tls | undefined;
}

export interface HttpServer {
  readonly port: number;
  /** Lets requests finish for up to `graceMs`, then cuts them off. */
  stop(graceMs: number): Promise<void>;
}

/** Longer than the minute for which common proxies keep connections, so that it is they who close them. */
const KEEP_ALIVE_MS = 72_000;

/**
 * Serves HTTP on a socket of our own, so that one place knows about TLS. Browsers and REST clients are not asked for a
 * certificate, only gRPC clients are; the token is asked of all.
 *
 * @throws HelveError `unavailable` when the port is taken or not allowed
 */
export async function startHttpServer({ app, host, port, tls }: HttpServerOptions): Promise<HttpServer> {
  await app.ready();
  const answer: RequestListener = (request, response) => app.routing(request, response);
  const server = tls ? secureServer(tls, answer) : createServer(answer);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen("HTTP", host, port, error)));
    server.listen({ host, port }, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    async stop(graceMs) {
      await closeServer(server, graceMs);
      await app.close();
    },
  };
}

function secureServer(tls: Tls, answer: RequestListener): Server {
  const pair = ({ cert, key }: TlsFiles) => ({ cert, key });
  const server = createSecureServer(pair(tls.current()), answer);
  tls.onChange((files) => server.setSecureContext(pair(files)));
  return server;
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await new Promise((resolve) => server.close(resolve));
  clearTimeout(timer);
}
