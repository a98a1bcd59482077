import { HelveError, newId, type TenantId, type Uuid } from "@helve/core";
import type { Authenticator } from "./caller.ts";
import type { Scope } from "./scopes.ts";
import type { SigningKey } from "./signing-key.ts";
import { cachedAuthenticator } from "./token-cache.ts";
import { readToken, signToken, type TokenClaims } from "./token-claims.ts";

/** What tokens need of the database. */
export interface TokenStore {
  insertToken(token: { id: Uuid; tenantId: TenantId; name: string; scope: Scope; expiresAt: Date }): Promise<void>;
  /** Whether the token is stored with this scope, not revoked and not past its stored expiry. */
  isValid(token: { id: Uuid; tenantId: TenantId; scope: Scope }): Promise<boolean>;
  /** @returns whether there was one that was not revoked */
  revoke(token: { id: Uuid; tenantId: TenantId }): Promise<boolean>;
}

/** Where the world reaches this installation; written into tokens. */
export interface PublicAddresses {
  /** `host:port` */
  grpcAddress: string;
  serverUrl: string;
}

export interface NewToken {
  tenantId: TenantId;
  name: string;
  /** @default "admin" */
  scope?: Scope | undefined;
  /** @default 90 days */
  expiresInMs?: number | undefined;
}

export interface Tokens extends Authenticator {
  /** Makes a token and stores its row; the text itself is kept nowhere. */
  mint(token: NewToken): Promise<{ id: Uuid; token: string; expiresAt: Date }>;
  /** Every replica refuses it within seconds. @returns whether there was one that was not revoked */
  revoke(token: { id: Uuid; tenantId: TenantId }): Promise<boolean>;
  /** The claims of a token that is good now; `undefined` for any other text. */
  inspect(token: string): Promise<TokenClaims | undefined>;
}

const DEFAULT_EXPIRY_MS = 90 * 24 * 3_600_000;

/** @param addresses asked at each minting, since ports may be known only then */
export function createTokens(key: SigningKey, store: TokenStore, addresses: () => PublicAddresses): Tokens {
  const isStillValid = ({ tokenId, tenantId, scope }: TokenClaims): Promise<boolean> =>
    store.isValid({ id: tokenId, tenantId, scope });
  const verify = async (token: string): Promise<TokenClaims | undefined> => {
    const claims = await readToken(key, token);
    return claims && (await isStillValid(claims)) ? claims : undefined;
  };
  return {
    ...cachedAuthenticator({ verify, isStillValid }),
    inspect: verify,
    revoke: (token) => store.revoke(token),
    async mint({ tenantId, name, scope = "admin", expiresInMs = DEFAULT_EXPIRY_MS }) {
      const issuedAt = new Date();
      const expiresAt = new Date(issuedAt.getTime() + expiresInMs);
      if (Number.isNaN(expiresAt.getTime())) {
        throw new HelveError("invalid_argument", `a token cannot expire in ${expiresInMs} ms`);
      }
      const id = newId();
      await store.insertToken({ id, tenantId, name, scope, expiresAt });
      return {
        id,
        expiresAt,
        token: await signToken(key, { ...addresses(), tokenId: id, tenantId, scope, issuedAt, expiresAt }),
      };
    },
  };
}
