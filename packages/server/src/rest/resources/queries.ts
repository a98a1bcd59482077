import type { Uuid } from "@helve/core";
import { type TInteger, type TOptional, Type } from "typebox";
import type { RunFilter } from "../reading.ts";
import { statusMeant, type WireStatus } from "../wire/common.ts";

/** Times in queries and bodies: RFC 3339 or a date. */
export function timeMs(text: string): number {
  return Date.parse(text);
}

/** `key:value`, split at the first colon; entries without one are passed over. */
export function metadataPairs(entries: readonly string[] | undefined): [key: string, value: string][] | undefined {
  const pairs = entries?.flatMap((entry): [string, string][] => {
    const colon = entry.indexOf(":");
    return colon === -1 ? [] : [[entry.slice(0, colon), entry.slice(colon + 1)]];
  });
  return pairs && pairs.length > 0 ? pairs : undefined;
}

/** What several lists of runs take in the same way. */
export interface CommonFilter {
  since: string;
  until?: string;
  statuses?: readonly WireStatus[];
  running_filter?: "ALL" | "EVICTED" | "ON_WORKER";
  workflow_ids?: readonly Uuid[];
  additional_metadata?: readonly string[];
}

/** Reads it. Nothing is ever evicted, so asking for evicted runs leaves no running ones. */
export function commonFilter(query: CommonFilter): RunFilter {
  const { since, until, statuses, running_filter: running, workflow_ids: workflowIds } = query;
  const asked =
    statuses ?? (running === "EVICTED" ? (["QUEUED", "COMPLETED", "CANCELLED", "FAILED"] as const) : undefined);
  return {
    sinceMs: timeMs(since),
    untilMs: until === undefined ? undefined : timeMs(until),
    statuses: asked?.filter((status) => running !== "EVICTED" || status !== "RUNNING").map(statusMeant),
    workflowIds: lowerCase(workflowIds),
    metadata: metadataPairs(query.additional_metadata),
  };
}

/** Ids as they are stored; a filter takes them in either case. */
export function lowerCase(ids: readonly Uuid[] | undefined): Uuid[] | undefined {
  return ids?.map((id) => id.toLowerCase());
}

/** How many rows a list gives. Below one row nothing makes sense; above `maximum` nobody waits for the answer. */
export function limitSchema(otherwise: number, maximum: number): TOptional<TInteger> {
  return Type.Optional(Type.Integer({ minimum: 1, maximum, default: otherwise }));
}

/** How many rows it leaves out at the front. */
export const OFFSET: TOptional<TInteger> = Type.Optional(Type.Integer({ minimum: 0, default: 0 }));
