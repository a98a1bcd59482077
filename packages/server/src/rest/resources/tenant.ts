import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { AccessRules } from "../access.ts";
import type { RestDeps } from "../deps.ts";
import { NOT_FOUND_TEXT, Refusal } from "../errors.ts";
import { operation } from "../operation.ts";
import { MetaSchema, meta } from "../wire/common.ts";

const TenantSchema = Type.Object({
  metadata: MetaSchema,
  name: Type.String(),
  slug: Type.String(),
  version: Type.Enum(["V0", "V1"]),
  analyticsOptOut: Type.Boolean(),
  alertMemberEmails: Type.Boolean(),
  environment: Type.Enum(["local", "development", "production"]),
  serverUrl: Type.String(),
});

/** The tenant itself, which clients read to see that their token is good. */
export function tenantRoutes(app: FastifyInstance, { reading, serverUrl }: RestDeps, access: AccessRules): void {
  operation(
    app,
    {
      method: "GET",
      url: "/api/v1/tenants/:tenant",
      id: "tenant:get",
      summary: "The tenant of the token",
      tag: "Tenant",
      access: access.tenant,
      answer: TenantSchema,
    },
    async ({ tenantId }) => {
      const tenant = await reading.getTenant(tenantId);
      if (!tenant) throw new Refusal(404, NOT_FOUND_TEXT);
      return {
        metadata: meta(tenant.id, tenant.createdAt),
        name: tenant.name,
        slug: tenant.slug,
        version: "V1",
        analyticsOptOut: true,
        alertMemberEmails: false,
        environment: "development",
        serverUrl: serverUrl(),
      };
    },
  );
}
