import { type Authenticator, bearerToken, type Caller, unauthenticated } from "./caller.ts";
import type { TokenClaims } from "./token-claims.ts";

/** A revoked token is refused at the latest this long after. */
const TRUSTED_MS = 5_000;
/** From this age on an entry is looked up again beside the call that uses it, so that a busy caller never waits. */
const REFRESH_MS = 4_000;
/** Bounds memory. Far more tokens than programs that call one replica. */
const MAX_ENTRIES = 10_000;

export interface TokenCacheDeps {
  /** Checks a token whole: signature, expiry, the stored row. */
  verify(token: string): Promise<TokenClaims | undefined>;
  /** Looks at the stored row only. */
  isStillValid(claims: TokenClaims): Promise<boolean>;
  /** ms on any steady scale. */
  now?: () => number;
}

interface Entry {
  readonly caller: Caller;
  readonly claims: TokenClaims;
  checkedAt: number;
  isRefreshing: boolean;
}

/**
 * Remembers good headers, so that a call costs one look into a map: the signature is verified once, the row read every few
 * seconds while the token is in use. Bad tokens are not remembered.
 */
export function cachedAuthenticator({ verify, isStillValid, now = Date.now }: TokenCacheDeps): Authenticator {
  const entries = new Map<string, Entry>();

  function refresh(header: string, entry: Entry): void {
    entry.isRefreshing = true;
    const askedAt = now();
    isStillValid(entry.claims).then(
      (isValid) => {
        entry.isRefreshing = false;
        if (isValid) entry.checkedAt = askedAt;
        else entries.delete(header);
      },
      // The database did not answer. The entry ages, and the call that finds it too old gets the error.
      () => {
        entry.isRefreshing = false;
      },
    );
  }

  function known(header: string | undefined): Caller | undefined {
    const entry = header === undefined ? undefined : entries.get(header);
    if (entry === undefined) return undefined;
    const time = now();
    const age = time - entry.checkedAt;
    if (age > TRUSTED_MS || time >= entry.claims.expiresAt.getTime()) return undefined;
    if (age > REFRESH_MS && !entry.isRefreshing) refresh(header as string, entry);
    return entry.caller;
  }

  async function authenticate(header: string | undefined): Promise<Caller> {
    const caller = known(header);
    if (caller) return caller;
    const token = bearerToken(header);
    if (header === undefined || token === undefined) throw unauthenticated();
    const askedAt = now();
    const entry = entries.get(header);
    const claims = entry ? ((await isStillValid(entry.claims)) ? entry.claims : undefined) : await verify(token);
    entries.delete(header);
    if (!claims || now() >= claims.expiresAt.getTime()) throw unauthenticated();
    remember(header, claims, askedAt);
    return { tenantId: claims.tenantId, tokenId: claims.tokenId };
  }

  function remember(header: string, claims: TokenClaims, checkedAt: number): void {
    if (entries.size >= MAX_ENTRIES) {
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    }
    const caller = { tenantId: claims.tenantId, tokenId: claims.tokenId };
    entries.set(header, { caller, claims, checkedAt, isRefreshing: false });
  }

  return { known, authenticate };
}
