import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { SCOPES } from "../../auth/scopes.ts";
import type { AccessRules } from "../access.ts";
import type { RestDeps } from "../deps.ts";
import { operation } from "../operation.ts";
import { olderPagination, PaginationSchema } from "../pagination.ts";
import type { TokenRecord } from "../reading.ts";
import { MetaSchema, meta, Time } from "../wire/common.ts";
import { readTimeSpan } from "../wire/time-span.ts";

const TAG = "API tokens";
const TOKENS = "/api/v1/tenants/:tenant/api-tokens";

const TokenSchema = Type.Object({
  metadata: MetaSchema,
  name: Type.String(),
  scope: Type.String({ description: `one of ${SCOPES.join(", ")}` }),
  expiresAt: Time,
});

const CreateBody = Type.Object({
  name: Type.Optional(Type.String({ maxLength: 255 })),
  scope: Type.Optional(Type.Enum([...SCOPES], { description: "what it is for; all when absent" })),
  expiresIn: Type.Optional(
    Type.String({ description: "how long it is good, such as 12h or 30d; 90 days when absent" }),
  ),
});

/** The tokens of a tenant. The text of one is in the answer that makes it, and kept nowhere. */
export function apiTokenRoutes(app: FastifyInstance, { reading, tokens }: RestDeps, access: AccessRules): void {
  operation(
    app,
    {
      method: "POST",
      url: TOKENS,
      id: "api-token:create",
      summary: "Make a token, which is shown this once",
      tag: TAG,
      access: access.tenant,
      body: CreateBody,
      answer: Type.Object({ token: Type.String(), metadata: MetaSchema, expiresAt: Time }),
    },
    async ({ tenantId, body: { name = "", scope, expiresIn }, request }) => {
      const expiresInMs = expiresIn === undefined ? undefined : readTimeSpan(expiresIn, "expiresIn");
      const { id, token, expiresAt } = await tokens.mint({ tenantId, name, scope, expiresInMs });
      request.log.info({ tenantId, tokenId: id, scope, expiresAt }, "API token made");
      return { token, metadata: meta(id, new Date()), expiresAt };
    },
  );

  operation(
    app,
    {
      method: "GET",
      url: TOKENS,
      id: "api-token:list",
      summary: "Tokens that were not revoked, newest first",
      tag: TAG,
      access: access.tenant,
      answer: Type.Object({ pagination: PaginationSchema, rows: Type.Array(TokenSchema) }),
    },
    async ({ tenantId }) => {
      const rows = (await reading.listApiTokens(tenantId)).filter(({ revokedAt }) => revokedAt === null);
      return { pagination: olderPagination(rows.length, Math.max(1, rows.length), 0), rows: rows.map(describe) };
    },
  );

  operation(
    app,
    {
      method: "POST",
      url: "/api/v1/api-tokens/:apiToken",
      id: "api-token:update:revoke",
      summary: "Take a token's power away, within seconds also from streams that it has opened; again changes nothing",
      tag: TAG,
      access: access.apiToken,
      answer: undefined,
    },
    async ({ tenantId, resource: { id }, request }) => {
      const isRevoked = await tokens.revoke({ id, tenantId });
      if (isRevoked) request.log.info({ tenantId, tokenId: id }, "API token revoked");
    },
  );
}

function describe({ id, name, scope, createdAt, expiresAt }: TokenRecord): object {
  return { metadata: meta(id, createdAt), name, scope, expiresAt };
}
