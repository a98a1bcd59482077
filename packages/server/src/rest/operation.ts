import type { TenantId } from "@helve/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Static, type TObject, type TSchema, Type } from "typebox";
import { OPERATIONS, scopeProblem } from "../auth/permissions.ts";
import type { Scope } from "../auth/scopes.ts";
import type { Access, Resolved } from "./access.ts";
import { ErrorSchema, Refusal, sendJson } from "./errors.ts";
import { Id } from "./wire/common.ts";

declare module "fastify" {
  interface FastifyRequest {
    resolved: Resolved<unknown> | null;
  }
}

/** One operation of the API. The schemas check the request and make up the OpenAPI document. */
export interface Operation<Resource, Query extends TSchema, Body extends TSchema> {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** As Fastify writes it, with `:name` for what varies. */
  url: string;
  /** The name that clients are generated with, and by which the table of permissions says who may call. */
  id: string;
  summary: string;
  tag: string;
  /** Undefined: anybody may call. */
  access?: Access<Resource>;
  query?: Query;
  body?: Body;
  /** Of the answer with status 200; undefined: it is 204, without a body. */
  answer: TSchema | undefined;
}

/** A request that was checked. */
export interface Call<Resource, Query, Body> {
  tenantId: TenantId;
  scope: Scope;
  resource: Resource;
  query: Query;
  body: Body;
  request: FastifyRequest;
  reply: FastifyReply;
}

/**
 * Registers an operation. Access is decided before the body is read or the parameters are checked.
 *
 * @param handler gives the body of the answer, or the reply that it has sent
 */
export function operation<Resource, Query extends TSchema = TSchema, Body extends TSchema = TSchema>(
  app: FastifyInstance,
  { method, url, id, summary, tag, access, query, body, answer }: Operation<Resource, Query, Body>,
  handler: (call: Call<Resource, Static<Query>, Static<Body>>) => unknown,
): void {
  app.route({
    method,
    url,
    schema: {
      operationId: id,
      summary,
      tags: [tag],
      ...(access === undefined && { security: [] }),
      ...(url.includes(":") && { params: pathSchema(url) }),
      ...(query && { querystring: query }),
      ...(body && { body }),
      response: { ...(answer ? { 200: answer } : { 204: Type.Null() }), default: ErrorSchema },
    },
    onRequest: async (request) => {
      if (access) request.resolved = await access(request);
      const problem = scopeProblem(request.resolved?.scope, OPERATIONS[id], id);
      if (problem !== undefined) throw new Refusal(403, problem);
    },
    async handler(request, reply) {
      const resolved = (request.resolved ?? { tenantId: "", scope: "read" }) as Resolved<Resource>;
      const result = await handler({
        ...resolved,
        query: request.query as Static<Query>,
        body: (request.body ?? {}) as Static<Body>,
        request,
        reply,
      });
      // Waiting for a reply waits until it is sent, and gives nothing.
      if (answer === undefined) return reply.code(204).send();
      return result === reply || reply.sent ? reply : sendJson(reply, 200, result);
    },
  });
}

/** Everything that varies in a path is an id. Access has refused other texts before. */
function pathSchema(url: string): TObject {
  return Type.Object(Object.fromEntries([...url.matchAll(/:(\w+)/g)].map(([, name]) => [name as string, Id])));
}
