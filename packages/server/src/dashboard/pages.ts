import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { sendJson } from "../rest/errors.ts";

/** Stands in the built page where the nonce goes; vite.config.ts of the dashboard puts it there. */
const NONCE_PLACE = /HELVE_CSP_NONCE/g;

/** Answers a request for a page of the dashboard; undefined when none is asked for. */
export type SendPage = (request: FastifyRequest, reply: FastifyReply) => FastifyReply | undefined;

/**
 * Serves the dashboard: one page, which finds by its address what to show, and its scripts and styles, whose names change
 * with their content. Everything it shows comes from the REST API, asked with the token of who looks at it.
 *
 * @param file the built page, its assets beside it; undefined: it was not built
 * @returns what answers for addresses that only the page knows
 */
export function dashboardPages(app: FastifyInstance, file: string | undefined): SendPage {
  if (file === undefined) {
    app.get("/", { schema: { hide: true } }, (_request, reply) => sendJson(reply, 404, { message: NOT_BUILT }));
    return () => undefined;
  }
  const html = readFileSync(file, "utf8");
  app.register(fastifyStatic, {
    root: join(dirname(file), "assets"),
    prefix: "/assets/",
    index: false,
    immutable: true,
    maxAge: "1y",
    decorateReply: false,
    schemaHide: true,
  });
  app.get("/", { schema: { hide: true } }, (_request, reply) => sendHtml(reply, html));
  return (request, reply) => (asksForPage(request) ? sendHtml(reply, html) : undefined);
}

const NOT_BUILT = "the dashboard is not built: run npm run build, and start the engine again";

/** The built page, undefined when there is none. Only its place is asked for: none of its code is loaded here. */
export function findDashboard(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve("@helve/dashboard/index.html");
  } catch {
    return undefined;
  }
}

/** Browsers say that they take HTML when a person opens an address. The API's addresses and the assets are no pages. */
function asksForPage({ method, url, headers }: FastifyRequest): boolean {
  return method === "GET" && !/^\/(api|assets)(\/|$)/.test(url) && (headers.accept ?? "").includes("text/html");
}

/** Nothing but its own files and the API of its own origin: a text that found its way into the page could load nothing. */
function sendHtml(reply: FastifyReply, html: string): FastifyReply {
  const nonce = randomBytes(16).toString("base64");
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    // The component kit writes some rules at run time, under the nonce.
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return reply
    .code(200)
    .headers({ "content-security-policy": policy.join("; "), "cache-control": "no-cache" })
    .type("text/html; charset=utf-8")
    .send(html.replace(NONCE_PLACE, nonce));
}
