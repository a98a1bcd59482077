import type { Uuid } from "@helve/core";
import { kindsOf, plainArray, textArray } from "../array-parameters.ts";
import type { Db } from "../db.ts";
import { FencedError, ownedStatement, type ReplicaId } from "../replicas/owner.ts";

/** A task run as it is born: in the line, already assigned to a worker, or waiting for its parents. */
export interface NewTaskRun {
  id: Uuid;
  tenantId: Uuid;
  versionId: Uuid;
  routeId: number;
  status: "queued" | "assigned" | "waiting";
  priority: number;
  rank: number;
  pendingParents: number;
  scheduleTimeoutMs: number;
  executionTimeoutMs: number;
  /** Set exactly when `status` is assigned; the attempt is then 1. */
  workerId: Uuid | null;
  parentTaskId: Uuid | null;
  childIndex: number | null;
  childKey: string | null;
  /** Of a standalone task; null for a task of a DAG. */
  input: string | null;
  metadata: string | null;
}

/**
 * What the tasks of a batch mostly have in common. It travels once for each stretch of tasks that are alike: as arrays of
 * one value a task these columns cost Postgres a third of the whole insert, and the engine more to write than all others.
 */
const SHARED = [
  ["tenantId", "tenant_id", "uuid"],
  ["versionId", "version_id", "uuid"],
  ["routeId", "route_id", "int"],
  ["status", "status", "task_status"],
  ["priority", "priority", "smallint"],
  ["rank", "rank", "smallint"],
  ["pendingParents", "pending_parents", "smallint"],
  ["scheduleTimeoutMs", "schedule_timeout_ms", "bigint"],
  ["executionTimeoutMs", "execution_timeout_ms", "bigint"],
  ["workerId", "worker_id", "uuid"],
] as const;

/** Parameters before those of {@link SHARED}: the replica, then each task's own id, kind, input and metadata. */
const OWN = 5;
const sharedValue = (name: (typeof SHARED)[number][1]) => {
  const index = SHARED.findIndex(([, column]) => column === name);
  return `($${OWN + 1 + index}::${SHARED[index]?.[2]}[])[n.kind]`;
};
const SHARED_COLUMNS = SHARED.map(([, column]) => column);
const STATUS = sharedValue("status");
// Read once for a statement and not once for every time that it stands in a row.
const NOW = "(select helve_now())";

// It was stored elsewhere before this statement began, and may have ended since. Nearly always there is none, which is found
// out once for a statement: a look for each task would cost a fifteenth of the insert.
const NOT_ASKED_AGAIN = /* sql */ `
  (not exists (select from asked_again) or not exists (select from asked_again where task_id = n.id))`;

/**
 * @param more columns of the tasks' own, from `n` as well
 * @param condition which of them
 */
function insertFrom(source: string, more: readonly string[] = [], condition = "true"): string {
  const own = ["id", ...more, "input", "metadata"];
  return /* sql */ `
    insert into task_run (
      ${[...own, ...SHARED_COLUMNS].join(", ")}, attempt, created_at, queued_at, assigned_at, deadline_at)
    select
      ${[...own.map((column) => `n.${column}`), ...SHARED_COLUMNS.map(sharedValue)].join(", ")},
      case when ${STATUS} = 'assigned' then 1 else 0 end,
      ${NOW},
      case when ${STATUS} <> 'waiting' then ${NOW} end,
      case when ${STATUS} = 'assigned' then ${NOW} end,
      case ${STATUS}
        when 'assigned' then ${NOW} + ${sharedValue("execution_timeout_ms")} * interval '1 ms'
        when 'queued' then ${NOW} + ${sharedValue("schedule_timeout_ms")} * interval '1 ms'
      end
    from ${source}
   where ${condition} and ${NOT_ASKED_AGAIN}
    on conflict (id) do nothing
    returning id`;
}

// Of what was asked for again since this statement began, the condition above does not know: then it fails, and is repeated.
const STORED = "count_unless_asked_again(array(select id from stored)) as stored";

const INSERT_TASK_RUNS = ownedStatement(
  "insert_task_runs",
  /* sql */ `
  stored as (${insertFrom("owner, unnest($2::uuid[], $3::int[], $4::text[], $5::text[]) as n (id, kind, input, metadata)")})
  select '{}'::text[] as first, ${STORED} from owner`,
);

const AFTER_SHARED = OWN + SHARED.length;
const CHILDREN = /* sql */ `unnest(
  $2::uuid[], $3::int[], $4::text[], $5::text[],
  $${AFTER_SHARED + 1}::uuid[], $${AFTER_SHARED + 2}::int[], $${AFTER_SHARED + 3}::text[], $${AFTER_SHARED + 4}::text[]
) as n (id, kind, input, metadata, parent_task_id, child_index, child_key, key)`;

// A key that another transaction is just taking is waited for: it is taken then, or free.
const INSERT_CHILDREN = ownedStatement(
  "insert_child_task_runs",
  /* sql */ `
  first as (
    insert into child_run (parent_id, key, run_id)
    select n.parent_task_id, n.key, n.id from owner, ${CHILDREN} where n.key is not null
    on conflict (parent_id, key) do nothing
    returning run_id
  ),
  stored as (${insertFrom(
    `owner, ${CHILDREN}`,
    ["parent_task_id", "child_index", "child_key"],
    "(n.key is null or n.id in (select run_id from first))",
  )})
  select array(select run_id::text from first) as first, ${STORED} from owner`,
);

export interface InsertedTaskRuns {
  /** Ids of those that were the first under their key. */
  first: Uuid[];
  /** How many were stored. */
  stored: number;
}

/**
 * Stores task runs, all or none. An id that is there already, or was asked for again, is left as it is, so without keys it can
 * be run again after a lost connection; with keys it would find its own keys taken.
 *
 * @param keys of each run, or null: a run whose key another one has is not stored. A run with a key has a parent
 * @throws FencedError when this replica has been taken over; nothing is stored
 */
export async function insertTaskRuns(
  db: Db,
  replicaId: ReplicaId,
  runs: readonly NewTaskRun[],
  keys?: readonly (string | null)[],
): Promise<InsertedTaskRuns> {
  const { samples, kinds } = kindsOf(runs, (a, b) => SHARED.every(([key]) => a[key] === b[key]));
  const values: unknown[] = [
    replicaId,
    plainArray(runs.map((run) => run.id)),
    plainArray(kinds),
    textArray(runs.map((run) => run.input)),
    textArray(runs.map((run) => run.metadata)),
    ...SHARED.map(([key]) => plainArray(samples.map((run) => run[key]))),
  ];
  const haveParents = keys !== undefined || runs.some(isChild);
  if (haveParents) {
    values.push(
      plainArray(runs.map((run) => run.parentTaskId)),
      plainArray(runs.map((run) => run.childIndex)),
      textArray(runs.map((run) => run.childKey)),
      textArray(runs.map((_, index) => keys?.[index] ?? null)),
    );
  }
  const [inserted] = await db.query<InsertedTaskRuns>(haveParents ? INSERT_CHILDREN : INSERT_TASK_RUNS, values);
  if (!inserted) throw new FencedError(replicaId);
  return inserted;
}

function isChild({ parentTaskId, childIndex, childKey }: NewTaskRun): boolean {
  return parentTaskId !== null || childIndex !== null || childKey !== null;
}
