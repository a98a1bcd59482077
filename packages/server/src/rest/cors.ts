import type { FastifyInstance } from "fastify";

const METHODS = "GET,POST,PUT,PATCH,DELETE,OPTIONS";

/** What a browser that is led astray by an answer must not do. Answers are JSON, so none needs a script or a frame. */
const HARDENING: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
};

/**
 * Says which web pages may call: every one, as calls carry a token and no cookie, unless origins are listed.
 *
 * @param allowedOrigins such as `https://*.example.com`, a star standing for any text; undefined: all
 */
export function answerCors(app: FastifyInstance, allowedOrigins: readonly string[] | undefined): void {
  const patterns = allowedOrigins?.map(
    (origin) => new RegExp(`^${origin.split("*").map(escapeRegExp).join(".*")}$`, "i"),
  );
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(HARDENING);
    const { origin } = request.headers;
    const isAllowed = patterns === undefined || (origin !== undefined && patterns.some((one) => one.test(origin)));
    if (isAllowed) reply.header("access-control-allow-origin", patterns === undefined ? "*" : origin);
    if (patterns !== undefined) reply.header("vary", "Origin");
    const isPreflight = request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
    if (!isPreflight) return;
    if (!isAllowed) return reply.code(403).send();
    reply.header("access-control-allow-methods", METHODS);
    const headers = request.headers["access-control-request-headers"];
    if (headers !== undefined) reply.header("access-control-allow-headers", headers);
    return reply.code(200).send();
  });
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
