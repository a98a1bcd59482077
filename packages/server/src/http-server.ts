import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { TLSSocket } from "node:tls";
import type { FastifyInstance } from "fastify";
import { cannotListen } from "./grpc/listener.ts";
import { errorBody } from "./rest/errors.ts";
import type { Tls, TlsFiles } from "./tls-files.ts";

export interface HttpServerOptions {
  app: FastifyInstance;
  host: string;
  /** 0: any that is free. */
  port: number;
  tls: Tls | undefined;
  /** Refuses whoever shows no certificate that the client authority of `tls` has signed, but for probes. */
  requiresCertificates: boolean;
}

export interface HttpServer {
  readonly port: number;
  /** Lets requests finish for up to `graceMs`, then cuts them off. */
  stop(graceMs: number): Promise<void>;
}

/** Longer than the minute for which common proxies keep connections, so that it is they who close them. */
const KEEP_ALIVE_MS = 72_000;

/**
 * Serves HTTP on a socket of our own, so that one place knows about TLS. Browsers and REST clients are asked for a certificate
 * only where that is wished, unlike gRPC clients; the token is asked of all.
 *
 * @throws HelveError `unavailable` when the port is taken or not allowed
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { app, host, port, tls, requiresCertificates } = options;
  await app.ready();
  const answer: RequestListener = (request, response) => {
    const isLetIn = !requiresCertificates || (request.socket as TLSSocket).authorized || PROBE.test(request.url ?? "");
    if (isLetIn) app.routing(request, response);
    else refuse(response);
  };
  const server = tls ? secureServer(tls, requiresCertificates, answer) : createServer(answer);
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

/** Whoever looks after processes has no certificate to show. */
const PROBE = /^\/(api\/)?(live|ready)$/;

/** Not in the handshake, where a client would learn nothing but that it was broken off. */
function refuse(response: ServerResponse): void {
  const body = errorBody("a certificate that the engine's client authority has signed has to be shown");
  response.writeHead(401, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function secureServer(tls: Tls, asksForCertificates: boolean, answer: RequestListener): Server {
  const context = ({ cert, key, clientCa }: TlsFiles) => ({ cert, key, ...(asksForCertificates && { ca: clientCa }) });
  const asking = { requestCert: asksForCertificates, rejectUnauthorized: false };
  const server = createSecureServer({ ...context(tls.current()), ...asking }, answer);
  tls.onChange((files) => server.setSecureContext(context(files)));
  return server;
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await new Promise((resolve) => server.close(resolve));
  clearTimeout(timer);
}
