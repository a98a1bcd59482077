import { type ErrorCode, HelveError } from "@helve/core";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type TSchema, Type } from "typebox";
import { toJson } from "./json.ts";

/** Every code of Helve as HTTP says it. Missing and bad credentials are both 403 on this wire, never 401. */
export const HTTP_STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid_argument: 400,
  not_found: 404,
  already_exists: 409,
  failed_precondition: 400,
  unauthenticated: 403,
  permission_denied: 403,
  resource_exhausted: 429,
  unimplemented: 501,
  unavailable: 503,
  internal: 500,
};

const INTERNAL_TEXT = "Internal Server Error";
export const FORBIDDEN_TEXT = "Please provide valid credentials";
export const NOT_FOUND_TEXT = "not found";

/**
 * A refusal that comes before a handler: of a path, of credentials, of a parameter. It is written `{"message"}`, while
 * what handlers refuse is written `{"errors"}`; clients read both.
 */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "Refusal";
    this.status = status;
  }
}

/** Both shapes, for the document. */
export const ErrorSchema: TSchema = Type.Union([
  Type.Object({ errors: Type.Array(Type.Object({ description: Type.String() })) }),
  Type.Object({ message: Type.String() }),
]);

/** Sends JSON. */
export function sendJson(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  return reply.code(status).type("application/json; charset=utf-8").send(toJson(body));
}

/** The body of an error of a handler. */
export function errorBody(description: string): { errors: [{ description: string }] } {
  return { errors: [{ description }] };
}

/** Turns whatever is thrown into one of the two shapes. What nobody foresaw is logged whole and leaves without its text. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    if (error instanceof Refusal) return sendJson(reply, error.status, { message: error.message });
    if (error instanceof HelveError && error.code !== "internal") {
      if (error.code === "unavailable")
        request.log.warn({ err: error, url: pathOf(request) }, "request refused for now");
      return sendJson(reply, HTTP_STATUS[error.code], errorBody(error.message));
    }
    const { statusCode = 500 } = error;
    if (statusCode === 415) return sendJson(reply, 415, { message: "Unsupported Media Type" });
    if (statusCode >= 400 && statusCode < 500) return sendJson(reply, statusCode, { message: error.message });
    request.log.error({ err: error, url: pathOf(request) }, "request failed");
    return sendJson(reply, 500, { message: INTERNAL_TEXT });
  });
}

/**
 * Answers 404 for a path that nobody serves, 405 for one that is served by another method. Call before any route.
 *
 * @param sendPage answers for paths that it knows, before it comes to that
 */
export function answerUnknownRoutes(
  app: FastifyInstance,
  sendPage: (request: FastifyRequest, reply: FastifyReply) => FastifyReply | undefined,
): void {
  const methods = new Map<string, Set<string>>();
  app.addHook("onRoute", ({ url, method }) => {
    const known = methods.get(url) ?? new Set();
    methods.set(url, known);
    for (const one of [method].flat()) known.add(one);
  });
  let patterns: { pattern: RegExp; allowed: string }[] | undefined;
  app.setNotFoundHandler((request, reply) => {
    patterns ??= [...methods].map(([url, known]) => ({
      pattern: new RegExp(`^${url.replace(/:\w+/g, "[^/]+")}$`),
      allowed: [...known].join(", "),
    }));
    const path = pathOf(request);
    const other = patterns.find(({ pattern }) => pattern.test(path));
    if (!other) return sendPage(request, reply) ?? sendJson(reply, 404, { message: `there is no ${path}` });
    reply.header("allow", other.allowed);
    return sendJson(reply, 405, { message: `${path} allows ${other.allowed}, not ${request.method}` });
  });
}

/** Without the query, which may hold values of users. */
function pathOf({ url }: FastifyRequest): string {
  return url.split("?", 1)[0] as string;
}
