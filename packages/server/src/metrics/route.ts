import { isIP } from "node:net";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { OPERATIONS, scopeProblem } from "../auth/permissions.ts";
import type { RestDeps } from "../rest/deps.ts";
import { FORBIDDEN_TEXT, Refusal } from "../rest/errors.ts";

/**
 * GET /metrics. It names every tenant, so who comes from another machine, also through a proxy on this one, shows a token.
 */
export function metricsRoute(app: FastifyInstance, { metrics, authenticate }: RestDeps): void {
  if (!metrics) return;
  app.get("/metrics", { schema: { hide: true } }, async (request, reply) => {
    if (!isFromHere(request)) {
      const caller = await authenticate(request.headers.authorization);
      const problem = caller ? scopeProblem(caller.scope, OPERATIONS.metrics, "metrics") : FORBIDDEN_TEXT;
      if (problem !== undefined) throw new Refusal(403, problem);
    }
    const text = await metrics.text();
    return reply.type(metrics.contentType).send(text);
  });
}

function isFromHere({ raw, headers }: FastifyRequest): boolean {
  if (headers["x-forwarded-for"] !== undefined || headers.forwarded !== undefined) return false;
  const address = (raw.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  return address === "::1" || (isIP(address) === 4 && address.startsWith("127."));
}
