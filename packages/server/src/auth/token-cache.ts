import { HelveError } from "@helve/core";
import { type Authenticator, bearerToken, type Caller, unauthenticated } from "./caller.ts";
import type { TokenClaims } from "./token-claims.ts";

/** A revoked token is refused at the latest this long after. */
const TRUSTED_MS = 5_000;
/** From this age on an entry is looked up again beside the call that uses it, so that a busy caller never waits. */
const REFRESH_MS = 4_000;
/** A look that has not been answered for so long counts as one that failed; after one that failed the next waits as long. */
const LOOK_EVERY_MS = 500;
/**
 * While the database does not answer nobody can revoke a token there either, and what needs the database fails anyway. Known
 * callers are trusted for so long, or else every worker's heartbeat would be refused and the worker given up.
 */
const TRUSTED_IN_OUTAGE_MS = 15 * 60_000;
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
  /** When a refresh was begun last. */
  lookedAt: number;
  /** The last look failed: the database did not answer. */
  isOutage: boolean;
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
    entry.lookedAt = askedAt;
    isStillValid(entry.claims).then(
      (isValid) => {
        entry.isRefreshing = false;
        entry.isOutage = false;
        if (isValid) entry.checkedAt = askedAt;
        else entries.delete(header);
      },
      (error: unknown) => {
        entry.isRefreshing = false;
        entry.isOutage = isUnavailable(error);
      },
    );
  }

  function known(header: string | undefined): Caller | undefined {
    const entry = header === undefined ? undefined : entries.get(header);
    if (entry === undefined) return undefined;
    const time = now();
    const age = time - entry.checkedAt;
    const hasRested = time - entry.lookedAt > LOOK_EVERY_MS;
    const isOutage = entry.isOutage || (entry.isRefreshing && hasRested);
    if (age > (isOutage ? TRUSTED_IN_OUTAGE_MS : TRUSTED_MS) || time >= entry.claims.expiresAt.getTime())
      return undefined;
    if (age > REFRESH_MS && !entry.isRefreshing && hasRested) refresh(header as string, entry);
    return entry.caller;
  }

  async function authenticate(header: string | undefined): Promise<Caller> {
    const caller = known(header);
    if (caller) return caller;
    const token = bearerToken(header);
    if (header === undefined || token === undefined) throw unauthenticated();
    const askedAt = now();
    const entry = entries.get(header);
    const claims = entry ? await stillGood(entry) : await verify(token);
    if (!entry?.isOutage) entries.delete(header);
    if (!claims || now() >= claims.expiresAt.getTime()) throw unauthenticated();
    if (!entry?.isOutage) remember(header, claims, askedAt);
    return callerOf(claims);
  }

  async function stillGood(entry: Entry): Promise<TokenClaims | undefined> {
    try {
      return (await isStillValid(entry.claims)) ? entry.claims : undefined;
    } catch (error) {
      if (!isUnavailable(error) || now() - entry.checkedAt > TRUSTED_IN_OUTAGE_MS) throw error;
      entry.isOutage = true;
      return entry.claims;
    }
  }

  function remember(header: string, claims: TokenClaims, checkedAt: number): void {
    if (entries.size >= MAX_ENTRIES) {
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    }
    const caller = callerOf(claims);
    entries.set(header, { caller, claims, checkedAt, isRefreshing: false, lookedAt: checkedAt, isOutage: false });
  }

  return { known, authenticate };
}

function callerOf({ tenantId, tokenId, scope }: TokenClaims): Caller {
  return { tenantId, tokenId, scope };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof HelveError && error.code === "unavailable";
}
