import { createPrivateKey, type JsonWebKey, randomUUID, sign } from "node:crypto";
import type pg from "pg";

/**
 * Makes another tenant on the database of a running engine, which has one of its own.
 *
 * @param token of the engine's own tenant
 * @returns a token of the new one, as the engine would sign it
 */
export async function otherTenant(db: pg.Client, token: string): Promise<string> {
  const [tenantId, tokenId] = [randomUUID(), randomUUID()];
  await db.query("insert into tenant (id, name, slug) values ($1, 'other', 'other')", [tenantId]);
  await db.query(
    "insert into api_token (id, tenant_id, name, scope, expires_at) values ($1, $2, 'bench', 'admin', now() + interval '1 day')",
    [tokenId, tenantId],
  );
  const { rows } = await db.query<{ key: JsonWebKey }>("select private_jwk as key from signing_key");
  const [head, body] = token.split(".") as [string, string];
  const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as object;
  const ownClaims = { ...claims, sub: tenantId, token_id: tokenId, scope: "admin" };
  const signed = `${head}.${Buffer.from(JSON.stringify(ownClaims)).toString("base64url")}`;
  const key = createPrivateKey({ key: rows[0]?.key as JsonWebKey, format: "jwk" });
  return `${signed}.${sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}
