import { HelveError, type TenantId, type Uuid } from "@helve/core";
import type { Scope } from "./scopes.ts";

/** Who makes a call: the tenant whose token it carries, and what that token is for. */
export interface Caller {
  readonly tenantId: TenantId;
  readonly tokenId: Uuid;
  readonly scope: Scope;
}

/** Tells who is behind an `Authorization` header, of gRPC and of HTTP alike. */
export interface Authenticator {
  /** The caller, if this very header was found good within the last seconds; no promise, for the hot path. */
  known(authorization: string | undefined): Caller | undefined;
  /** @throws HelveError `unauthenticated`, always with the same text */
  authenticate(authorization: string | undefined): Promise<Caller>;
}

/** Says nothing of what is wrong with a token, so that nobody learns by trying. */
export function unauthenticated(): HelveError {
  return new HelveError("unauthenticated", "invalid auth token");
}

const BEARER = /^bearer +(\S+)$/i;

/** The token of a header of the form `Bearer <token>`, the first word in any case. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
}
