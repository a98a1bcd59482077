import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { HelveError } from "../../errors.ts";
import { METRICS_TYPE } from "./metrics-text.ts";
import type { Health } from "./worker-health.ts";

export interface HealthServerOptions {
  host: string;
  /** 0: any that is free. */
  port: number;
  health: () => Health;
  /** What else `/health` tells. */
  details: () => object;
  metrics: () => string;
}

/**
 * Answers probes and Prometheus.
 *
 * - `/health` JSON; 200 when the worker is healthy, else 503.
 * - `/readyz` the same, without words.
 * - `/livez`  200 whenever the process answers: to restart a worker because its engine is away helps nobody.
 * - `/metrics` for Prometheus.
 */
export class HealthServer {
  readonly #options: HealthServerOptions;
  #server: Server | undefined;

  constructor(options: HealthServerOptions) {
    this.#options = options;
  }

  /** Where it listens; undefined while it does not. */
  get port(): number | undefined {
    return (this.#server?.address() as AddressInfo | null | undefined)?.port;
  }

  /** @throws HelveError unavailable when it cannot listen there */
  async start(): Promise<void> {
    const { host, port } = this.#options;
    const server = createServer((request, response) => {
      if (request.method !== "GET" && request.method !== "HEAD") answer(response, 405, "text/plain", "");
      else this.#answer(request.url?.split("?")[0] ?? "", response);
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) => {
        const text = `cannot listen for health checks on ${host}:${port}: ${cause.message}`;
        reject(new HelveError("unavailable", text, { cause }));
      });
      server.listen({ host, port }, resolve);
    });
    // It is no reason for a program to go on.
    server.unref();
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }

  #answer(path: string, response: ServerResponse): void {
    const { health, details, metrics } = this.#options;
    if (path === "/livez") answer(response, 200, "text/plain", "ok");
    else if (path === "/metrics") answer(response, 200, METRICS_TYPE, metrics());
    else if (path === "/readyz" || path === "/health") {
      const { status, reasons } = health();
      const code = status === "HEALTHY" ? 200 : 503;
      if (path === "/readyz") answer(response, code, "text/plain", code === 200 ? "ok" : reasons.join("; "));
      else answer(response, code, "application/json", JSON.stringify({ status, reasons, ...details() }));
    } else answer(response, 404, "text/plain", "there are /health, /readyz, /livez and /metrics");
  }
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
}
