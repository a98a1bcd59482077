import { HelveError } from "../errors.ts";

/** What a token says about where it belongs. Nobody but the engine checks its signature. */
export interface TokenClaims {
  tenantId: string;
  /** `host:port` of the gRPC side. */
  grpcAddress: string | undefined;
  /** Base URL of the REST side. */
  serverUrl: string | undefined;
}

/**
 * Reads the claims of an API token.
 *
 * @throws HelveError invalid_argument when it is no JWT or names no tenant
 */
export function readToken(token: string): TokenClaims {
  const claims = decodePayload(token);
  if (typeof claims.sub !== "string" || claims.sub === "") {
    throw new HelveError("invalid_argument", "the API token names no tenant: its claim 'sub' is missing");
  }
  return {
    tenantId: claims.sub,
    grpcAddress: textOrUndefined(claims.grpc_broadcast_address),
    serverUrl: textOrUndefined(claims.server_url),
  };
}

function decodePayload(token: string): Record<string, unknown> {
  const parts = token.split(".");
  try {
    if (parts.length !== 3) throw new Error(`it has ${parts.length} parts instead of 3`);
    const claims: unknown = JSON.parse(Buffer.from(parts[1] ?? "", "base64url").toString("utf8"));
    if (typeof claims !== "object" || claims === null) throw new Error("its claims are no object");
    return claims as Record<string, unknown>;
  } catch (cause) {
    throw new HelveError("invalid_argument", "the API token is no JWT; was it cut when it was copied?", { cause });
  }
}

function textOrUndefined(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
