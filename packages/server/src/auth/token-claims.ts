import { isUuid, type TenantId, type Uuid } from "@helve/core";
import { jwtVerify, SignJWT } from "jose";
import { readScope, type Scope } from "./scopes.ts";
import { type SigningKey, TOKEN_ALGORITHM } from "./signing-key.ts";

/**
 * What an API token says. Clients read the tenant and the addresses from it and need nothing else; the engine trusts the
 * signature, looks the token up by its id, and does not ask at which address it is used.
 */
export interface TokenClaims {
  tokenId: Uuid;
  tenantId: TenantId;
  /** A token without the claim is older than scopes and may do all. */
  scope: Scope;
  /** Base of REST calls. */
  serverUrl: string;
  /** `host:port`, where clients dial gRPC. */
  grpcAddress: string;
  issuedAt: Date;
  expiresAt: Date;
}

/** The token's text, a JWT: it begins with `ey`, which some clients check. */
export function signToken(key: SigningKey, claims: TokenClaims): Promise<string> {
  return new SignJWT({
    server_url: claims.serverUrl,
    grpc_broadcast_address: claims.grpcAddress,
    token_id: claims.tokenId,
    scope: claims.scope,
  })
    .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid: key.id })
    .setSubject(claims.tenantId)
    .setAudience(claims.serverUrl)
    .setIssuer(claims.serverUrl)
    .setIssuedAt(claims.issuedAt)
    .setExpirationTime(claims.expiresAt)
    .sign(key.privateKey);
}

/** The claims of a token; `undefined` when it is none, has a foreign signature, lacks a claim or has expired. */
export async function readToken(key: SigningKey, token: string): Promise<TokenClaims | undefined> {
  try {
    const { payload } = await jwtVerify(token, key.publicKey, { algorithms: [TOKEN_ALGORITHM] });
    const { sub = "", iat = 0, exp, token_id, scope = "admin", server_url, grpc_broadcast_address } = payload;
    if (!isUuid(sub) || typeof token_id !== "string" || !isUuid(token_id) || exp === undefined) return undefined;
    return {
      tokenId: token_id,
      tenantId: sub,
      scope: readScope(String(scope)),
      serverUrl: String(server_url ?? ""),
      grpcAddress: String(grpc_broadcast_address ?? ""),
      issuedAt: new Date(iat * 1000),
      expiresAt: new Date(exp * 1000),
    };
  } catch {
    // What is thrown says in which of many ways a text fails to be a good token; all of them get one answer.
    return undefined;
  }
}
