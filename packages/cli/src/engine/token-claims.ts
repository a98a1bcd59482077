import { CommandError } from "../exit-codes.ts";

/** What a token says about where it belongs. Nobody but the engine checks its signature. */
export interface TokenClaims {
  /** The tenant. */
  sub: string;
  server_url?: string;
  grpc_broadcast_address?: string;
}

/** @param source where the token came from, for the message @throws CommandError when a text is no token */
export function readClaims(token: string, source: string): TokenClaims {
  try {
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    if (typeof claims.sub === "string") return claims as TokenClaims;
  } catch {
    // Said below.
  }
  throw new CommandError(`the token of ${source} is none; was it cut when it was copied?`);
}
