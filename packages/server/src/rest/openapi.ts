import swagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import type { RestDeps } from "./deps.ts";
import { sendJson } from "./errors.ts";

/** Collects the schemas of all routes that are registered after it. */
export function collectOpenApi(app: FastifyInstance, { version }: Pick<RestDeps, "version">): void {
  app.register(swagger, {
    openapi: {
      openapi: "3.0.3",
      info: { title: "Helve", version, description: "The REST API of Helve, compatible with clients of Hatchet." },
      components: {
        securitySchemes: { bearerAuth: { type: "http", scheme: "bearer", description: "An API token of a tenant." } },
      },
      security: [{ bearerAuth: [] }],
    },
  });
}

/** Serves the document: what it says is what requests are checked by. */
export function openApiRoute(app: FastifyInstance): void {
  app.get("/api/v1/openapi.json", { schema: { hide: true } }, (_request, reply) => sendJson(reply, 200, app.swagger()));
}
