import { HelveError } from "@helve/core";
import type { Edge } from "./edge.ts";

/** How often open streams are looked at. Whether a token is still good costs a statement in some of these looks only. */
const LOOK_EVERY_MS = 1_000;

/**
 * Ends streams whose token was revoked or has expired meanwhile, with the answer that a call with it gets: a token is looked
 * at when a call begins, and a stream is a call that may last for weeks. By what the authenticator trusts for how long, the
 * last stream is closed about six seconds after a revocation; while the database does not answer none is.
 *
 * @returns stops it
 */
export function watchTokens({ authenticator, openCalls }: Pick<Edge, "authenticator" | "openCalls">): () => void {
  const timer = setInterval(() => {
    for (const [authorization, streams] of openCalls.byAuthorization()) {
      if (authenticator.known(authorization)) continue;
      authenticator.authenticate(authorization).catch((error: unknown) => {
        if (!(error instanceof HelveError) || error.code !== "unauthenticated") return;
        for (const stream of streams) stream.fail(error);
      });
    }
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}
