import { HelveError } from "@helve/core";
import type { Statement } from "../db.ts";

/** A replica's id, which is also its epoch: it is never used twice (migrations/0001). */
export type ReplicaId = number;

/**
 * The head of every statement by which a replica stores, gives out or ends work; $1 is its id. The row is locked for
 * share, so that fencing waits for the statement, and a fenced replica finds no row and changes nothing.
 */
export const OWNER = "owner as (select id from replica where id = $1 and fenced_at is null for share)";

/** A statement beginning with {@link OWNER}. */
export function ownedStatement(name: string, text: string): Statement {
  return { name, text: `with ${OWNER}, ${text}` };
}

/**
 * What a replica learns when its write changed nothing because another one has taken over. It starts anew under another
 * id, so trying again soon is worth it.
 */
export class FencedError extends HelveError {
  constructor(replicaId: ReplicaId) {
    super("unavailable", `replica ${replicaId} has been taken over; it may not write any more`);
    this.name = "FencedError";
  }
}
