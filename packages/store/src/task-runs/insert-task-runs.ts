import type { Uuid } from "@helve/core";
import { columns, type Db } from "../db.ts";
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

const INSERT_TASK_RUNS = ownedStatement(
  "insert_task_runs",
  /* sql */ `
  stored as (
    insert into task_run (
      id, tenant_id, version_id, route_id, status, priority, rank, pending_parents, schedule_timeout_ms,
      execution_timeout_ms, worker_id, parent_task_id, child_index, child_key, input, metadata,
      attempt, created_at, queued_at, assigned_at, deadline_at)
    select
      n.*,
      case when status = 'assigned' then 1 else 0 end,
      helve_now(),
      case when status <> 'waiting' then helve_now() end,
      case when status = 'assigned' then helve_now() end,
      case status
        when 'assigned' then helve_now() + execution_timeout_ms * interval '1 ms'
        when 'queued' then helve_now() + schedule_timeout_ms * interval '1 ms'
      end
    from owner, unnest(
      $2::uuid[], $3::uuid[], $4::uuid[], $5::int[], $6::task_status[], $7::smallint[], $8::smallint[], $9::smallint[],
      $10::bigint[], $11::bigint[], $12::uuid[], $13::uuid[], $14::int[], $15::text[], $16::text[], $17::text[]
    ) as n (
      id, tenant_id, version_id, route_id, status, priority, rank, pending_parents, schedule_timeout_ms,
      execution_timeout_ms, worker_id, parent_task_id, child_index, child_key, input, metadata)
    on conflict (id) do nothing
  )
  select id from owner`,
);

/**
 * Stores task runs, all or none. Running it again with the same ids after a lost connection stores nothing twice.
 *
 * @throws FencedError when this replica has been taken over; nothing is stored
 */
export async function insertTaskRuns(db: Db, replicaId: ReplicaId, runs: readonly NewTaskRun[]): Promise<void> {
  const values = columns(runs, [
    "id",
    "tenantId",
    "versionId",
    "routeId",
    "status",
    "priority",
    "rank",
    "pendingParents",
    "scheduleTimeoutMs",
    "executionTimeoutMs",
    "workerId",
    "parentTaskId",
    "childIndex",
    "childKey",
    "input",
    "metadata",
  ]);
  const owner = await db.query(INSERT_TASK_RUNS, [replicaId, ...values]);
  if (owner.length === 0) throw new FencedError(replicaId);
}
