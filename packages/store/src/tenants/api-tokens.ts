import type { Uuid } from "@helve/core";
import type { Database, Db, Statement } from "../db.ts";

export interface ApiTokenRow {
  id: Uuid;
  tenantId: Uuid;
  name: string;
  scope: string;
  createdAt: Date;
  expiresAt: Date;
  revokedAt: Date | null;
}

const COLUMNS = `id, tenant_id as "tenantId", name, scope, created_at as "createdAt", expires_at as "expiresAt",
  revoked_at as "revokedAt"`;

const INSERT_API_TOKEN: Statement = {
  name: "insert_api_token",
  text: `insert into api_token (id, tenant_id, name, scope, expires_at) values ($1, $2, $3, $4, $5)`,
};

export async function insertApiToken(db: Db, token: Omit<ApiTokenRow, "createdAt" | "revokedAt">): Promise<void> {
  await db.query(INSERT_API_TOKEN, [token.id, token.tenantId, token.name, token.scope, token.expiresAt]);
}

const GET_VALID_TOKEN: Statement = {
  name: "get_valid_token",
  text: /* sql */ `
  select ${COLUMNS} from api_token
   where id = $1 and tenant_id = $2 and scope = $3 and revoked_at is null and expires_at > helve_now()`,
  // A call waits for this before its own work begins.
  timeoutMs: 1500,
};

/** The stored token, unless it is revoked or has expired. Its scope may not have been changed since it was signed. */
export async function getValidToken(
  db: Db,
  { id, tenantId, scope }: Pick<ApiTokenRow, "id" | "tenantId" | "scope">,
): Promise<ApiTokenRow | undefined> {
  return (await db.query<ApiTokenRow>(GET_VALID_TOKEN, [id, tenantId, scope]))[0];
}

const LIST_API_TOKENS: Statement = {
  name: "list_api_tokens",
  text: `select ${COLUMNS} from api_token where tenant_id = $1 order by created_at desc`,
};

export async function listApiTokens(db: Db, tenantId: Uuid): Promise<ApiTokenRow[]> {
  return db.query<ApiTokenRow>(LIST_API_TOKENS, [tenantId]);
}

const REVOKE_API_TOKEN: Statement = {
  name: "revoke_api_token",
  text: `update api_token set revoked_at = helve_now() where id = $1 and tenant_id = $2 and revoked_at is null returning id`,
};

/** @returns whether there was a valid token to revoke */
export async function revokeApiToken(db: Db, id: Uuid, tenantId: Uuid): Promise<boolean> {
  return (await db.query(REVOKE_API_TOKEN, [id, tenantId])).length > 0;
}

/** Replicas that start together on an empty database propose a key each, and must agree on one. */
const LOCK_SIGNING_KEYS: Statement = {
  name: "lock_signing_keys",
  text: "lock table signing_key in share row exclusive mode",
};

const PUT_SIGNING_KEY: Statement = {
  name: "put_signing_key",
  text: /* sql */ `
  with added as (
    insert into signing_key (id, private_jwk) select $1, $2 where not exists (select from signing_key)
    returning id, private_jwk
  )
  select id, private_jwk as "privateJwk" from added
  union all select id, private_jwk from signing_key
  order by id limit 1`,
};

/** The key that signs tokens; the proposed one is stored when there is none. */
export async function putSigningKey(
  db: Database,
  proposed: { id: string; privateJwk: object },
): Promise<{ id: string; privateJwk: object }> {
  const values = [proposed.id, proposed.privateJwk];
  return db.transaction(async (tx) => {
    await tx.query(LOCK_SIGNING_KEYS);
    return (await tx.query<{ id: string; privateJwk: object }>(PUT_SIGNING_KEY, values))[0] as {
      id: string;
      privateJwk: object;
    };
  });
}
