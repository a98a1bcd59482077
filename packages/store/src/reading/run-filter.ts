import type { Uuid } from "@helve/core";
import { IS_UNDER_WAY, isStandalone, runIdOf } from "./run-record.ts";

/** What a caller may ask for: skipped counts as succeeded, waiting and backing off as queued. */
export type RunStatusFilter = "queued" | "running" | "succeeded" | "failed" | "cancelled";

/** Narrows lists and counts. What is undefined does not narrow; an empty list matches nothing. */
export interface RunFilter {
  /** Stored at or after, ms since 1970, by the time in the id. */
  sinceMs?: number | undefined;
  /** Stored at or before. */
  untilMs?: number | undefined;
  /** Ids below this one alone: the next page of a walk from new to old. */
  beforeId?: Uuid | undefined;
  statuses?: readonly RunStatusFilter[] | undefined;
  workflowIds?: readonly Uuid[] | undefined;
  /** Pairs of a metadata key and the text of its value: a number, say, as it was written. */
  metadata?: readonly (readonly [key: string, value: string])[] | undefined;
  /** @default any */
  metadataMatch?: "any" | "all" | undefined;
  /** Runs that this task started. Of runs alone. */
  parentTaskId?: Uuid | undefined;
  /** The worker that had the task last. Of tasks alone. */
  workerId?: Uuid | undefined;
  /** Runs that this event started. */
  eventId?: Uuid | undefined;
}

const TASK_STATUSES: Readonly<Record<RunStatusFilter, readonly string[]>> = {
  queued: ["waiting", "queued", "backing_off"],
  running: ["assigned"],
  succeeded: ["succeeded", "skipped"],
  failed: ["failed"],
  cancelled: ["cancelled"],
};

/** The values of $1 to $11 in {@link taskConditions}, and of $12 in {@link runConditions}. */
export function filterValues(tenantId: Uuid, filter: RunFilter, kind: "runs" | "tasks"): unknown[] {
  const { statuses, metadata } = filter;
  const values = [
    tenantId,
    firstIdAt(filter.sinceMs ?? 0),
    filter.beforeId ?? lastIdAt(filter.untilMs ?? MAX_ID_MS),
    statuses?.flatMap((status) => TASK_STATUSES[status]) ?? null,
    filter.workflowIds ?? null,
    (kind === "runs" ? filter.parentTaskId : filter.workerId) ?? null,
    metadata?.map(([key]) => key) ?? null,
    metadata?.map(([, value]) => value) ?? null,
    filter.metadataMatch === "all",
    filter.eventId ?? null,
    metadata?.flatMap(tracesOf) ?? null,
  ];
  if (kind === "tasks") return values;
  return [...values, statuses?.filter((status) => status === "queued" || status === "running") ?? null];
}

const MAX_ID_MS = 2 ** 48 - 1;
const MAYBE_NO_STRING = /^[-0-9tfn[{]/;

/**
 * Patterns of which one fits every object that has this value and writes it without escapes: in quotes, or as anything
 * but a string behind a colon or a space. Looking for them costs a fraction of parsing the object.
 */
function tracesOf([, value]: readonly [key: string, value: string]): string[] {
  const literal = value.replace(/[\\%_]/g, "\\$&");
  const quoted = `%"${literal}"%`;
  if (!MAYBE_NO_STRING.test(value)) return [quoted];
  return [quoted, ...[":", " ", "\n", "\r", "\t"].map((before) => `%${before}${literal}%`)];
}

function timePart(ms: number): string {
  const hex = Math.floor(Math.min(Math.max(ms, 0), MAX_ID_MS))
    .toString(16)
    .padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}

/** The lowest id of a millisecond. */
export function firstIdAt(ms: number): Uuid {
  return `${timePart(ms)}-0000-0000-000000000000`;
}

/** The highest id of a millisecond. */
export function lastIdAt(ms: number): Uuid {
  return `${timePart(ms)}-ffff-ffff-ffffffffffff`;
}

const UNFINISHED = "'{waiting,queued,assigned,backing_off}'::task_status[]";
const FINISHED = "'{succeeded,failed,cancelled,skipped}'::task_status[]";

// What `beforeId` bounds is bounded by it exclusively; the highest id of a millisecond is no id of anything.
const inRange = (table: string): string => `${table}.tenant_id = $1 and ${table}.id >= $2 and ${table}.id < $3`;

const ofWorkflows = (table: string): string => /* sql */ `($5::uuid[] is null or ${table}.version_id = any (array(
    select v.id from workflow_version v where v.tenant_id = $1 and v.workflow_id = any ($5))))`;

// `json` and not `jsonb`: text is compared, and nothing that fits into JSON text fails to parse. An object with a backslash
// may spell a value in another way than the patterns do.
const withMetadata = (metadata: string): string => /* sql */ `
  ($7::text[] is null or ${metadata} like any ($11::text[]) or strpos(${metadata}, '\\') > 0)
  and ($7::text[] is null or (
    select case when $9::boolean then coalesce(bool_and(nullif(${metadata}, '')::json ->> f.key is not distinct from f.value), true)
                else coalesce(bool_or(nullif(${metadata}, '')::json ->> f.key = f.value), false) end
      from unnest($7::text[], $8::text[]) as f (key, value)))
  and ($10::text is null
       or strpos(${metadata}, $10) > 0 and nullif(${metadata}, '')::json ->> 'hatchet__event_id' = $10)`;

// The first test names no column: Postgres makes it once and, when it fails, does not look into the table at all.
const withStatus = (column: string, possible: string): string =>
  `($4::task_status[] is null or $4 && ${possible}) and ($4::task_status[] is null or ${column} = any ($4))`;

/** Conditions on a task table: every task (`tasks`), or standalone ones by what they are as runs (`runs`). */
export function taskConditions(table: "task_run" | "task_run_history", kind: "runs" | "tasks"): string {
  const possible = table === "task_run" ? UNFINISHED : FINISHED;
  const conditions = [inRange("t"), withStatus("t.status", possible), ofWorkflows("t")];
  if (kind === "runs") {
    conditions.push(isStandalone("t.id"), "($6::uuid is null or t.parent_task_id = $6)", withMetadata("t.metadata"));
  } else {
    conditions.push("($6::uuid is null or t.worker_id = $6)", withMetadata(metadataOfTask("t")));
  }
  return conditions.join("\n and ");
}

/** Conditions on a table of workflow runs. */
export function runConditions(table: "workflow_run" | "workflow_run_history"): string {
  const status =
    table === "workflow_run"
      ? /* sql */ `($12::text[] is null or cardinality($12) > 0)
         and ($12::text[] is null or cardinality($12) = 2 or case when ${IS_UNDER_WAY} then 'running' else 'queued' end = any ($12))`
      : withStatus("w.status", FINISHED);
  return [
    inRange("w"),
    status,
    ofWorkflows("w"),
    "($6::uuid is null or w.parent_task_id = $6)",
    withMetadata("w.metadata"),
  ].join("\n and ");
}

/** A task's metadata in SQL: its own, or that of its DAG run. Needs the tenant as $1. */
export const metadataOfTask = (table: string): string => /* sql */ `coalesce(${table}.metadata,
    (select r.metadata from workflow_run r where r.id = ${runIdOf(`${table}.id`)}),
    (select r.metadata from workflow_run_history r where r.tenant_id = $1 and r.id = ${runIdOf(`${table}.id`)}))`;
