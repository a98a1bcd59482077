import type { Uuid } from "@helve/core";
import type { Db, Statement } from "../db.ts";

export type FinalStatus = "succeeded" | "failed" | "cancelled" | "skipped";

/** How a task run ended. */
export interface FinishedTaskRun {
  id: Uuid;
  status: FinalStatus;
  attempt: number;
  output: string | null;
  error: string | null;
}

const GET_FINISHED: Statement = {
  name: "get_finished_task_runs",
  text: /* sql */ `
  select h.id, h.status, h.attempt, h.output, h.error
    from unnest($1::uuid[], $2::uuid[]) as wanted (tenant_id, id)
    join task_run_history h on h.tenant_id = wanted.tenant_id and h.id = wanted.id`,
};

/** The finished ones among these ids, with their results. */
export async function getFinishedTaskRuns(
  db: Db,
  wanted: readonly { tenantId: Uuid; id: Uuid }[],
): Promise<FinishedTaskRun[]> {
  if (wanted.length === 0) return [];
  return db.query<FinishedTaskRun>(GET_FINISHED, [wanted.map((one) => one.tenantId), wanted.map((one) => one.id)]);
}

const LIST_TASKS_OF_RUN: Statement = {
  name: "list_finished_tasks_of_run",
  text: /* sql */ `
  select h.id, h.status, h.attempt, h.output, h.error
    from task_run_history h
   where h.tenant_id = $1 and h.id between $2::uuid and $3::uuid
   order by h.id`,
};

/** The finished tasks of one run, in their order; of a standalone run its one task. */
export async function listFinishedTasksOfRun(db: Db, tenantId: Uuid, runId: Uuid): Promise<FinishedTaskRun[]> {
  return db.query<FinishedTaskRun>(LIST_TASKS_OF_RUN, [tenantId, runId, lastIdOfRun(runId)]);
}

/** The highest id that a task of this run can have. */
export function lastIdOfRun(runId: Uuid): Uuid {
  return `${runId.slice(0, 32)}ffff`;
}

const GET_ENDED_RUNS: Statement = {
  name: "get_ended_runs",
  text: /* sql */ `
  select wanted.tenant_id as "tenantId", wanted.id, h.status, h.version_id as "versionId", false as "isWorkflowRun"
    from unnest($1::uuid[], $2::uuid[]) as wanted (tenant_id, id)
    join task_run_history h on h.tenant_id = wanted.tenant_id and h.id = wanted.id
  union all
  select wanted.tenant_id, wanted.id, h.status, h.version_id, true
    from unnest($1::uuid[], $2::uuid[]) as wanted (tenant_id, id)
    join workflow_run_history h on h.tenant_id = wanted.tenant_id and h.id = wanted.id`,
};

/** Which of these runs have ended, how, and whether each is a run of several tasks. */
export async function getEndedRuns(
  db: Db,
  wanted: readonly { tenantId: Uuid; id: Uuid }[],
): Promise<{ tenantId: Uuid; id: Uuid; status: FinalStatus; versionId: Uuid; isWorkflowRun: boolean }[]> {
  if (wanted.length === 0) return [];
  return db.query(GET_ENDED_RUNS, [wanted.map((one) => one.tenantId), wanted.map((one) => one.id)]);
}

const REOPEN: Statement = {
  name: "reopen_task_runs",
  // A route that is about to expire is kept: written to, so that who deletes it at this moment looks again.
  text: /* sql */ `
  with wanted as (
    select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::bigint[], $5::bigint[], $6::smallint[], $7::task_status[])
        as w (tenant_id, id, own_route_id, schedule_timeout_ms, execution_timeout_ms, pending_parents, new_status)
  ), kept as (
    update route r set expires_at = greatest(r.expires_at, helve_now() + interval '1 day')
      from (select distinct h.route_id from wanted w join task_run_history h on h.tenant_id = w.tenant_id and h.id = w.id) last
     where r.id = last.route_id and r.expires_at is not null
    returning r.id
  ), reopened as (
    delete from task_run_history h using wanted w
     where h.tenant_id = w.tenant_id and h.id = w.id
    returning h.*, w.own_route_id, w.schedule_timeout_ms, w.execution_timeout_ms, w.pending_parents, w.new_status
  )
  insert into task_run (
    id, tenant_id, version_id, route_id, status, priority, rank, attempt, pending_parents, schedule_timeout_ms,
    execution_timeout_ms, created_at, queued_at, deadline_at, parent_task_id, child_index, child_key, input, metadata)
  select id, tenant_id, version_id,
         coalesce((select kept.id from kept where kept.id = reopened.route_id),
                  (select r.id from route r where r.id = reopened.route_id and r.expires_at is null), own_route_id),
         new_status, priority, 0, attempt, pending_parents, schedule_timeout_ms, execution_timeout_ms, created_at,
         case when new_status = 'queued' then helve_now() end,
         case when new_status = 'queued' then helve_now() + schedule_timeout_ms * interval '1 ms' end,
         parent_task_id, child_index, child_key, input, metadata
    from reopened
  returning id, route_id as "routeId"`,
};

/** A finished task run that runs again: the same run, a new attempt, all its retries. */
export interface Reopening {
  tenantId: Uuid;
  id: Uuid;
  /** Of its definition, for when the route that it stood on last is gone. */
  routeId: number;
  scheduleTimeoutMs: number;
  executionTimeoutMs: number;
  pendingParents: number;
  status: "queued" | "waiting";
}

/** @returns what was moved back from history, and where each stands now */
export async function reopenTaskRuns(
  tx: Db,
  reopenings: readonly Reopening[],
): Promise<{ id: Uuid; routeId: number }[]> {
  if (reopenings.length === 0) return [];
  return tx.query(REOPEN, [
    reopenings.map((one) => one.tenantId),
    reopenings.map((one) => one.id),
    reopenings.map((one) => one.routeId),
    reopenings.map((one) => one.scheduleTimeoutMs),
    reopenings.map((one) => one.executionTimeoutMs),
    reopenings.map((one) => one.pendingParents),
    reopenings.map((one) => one.status),
  ]);
}

/** Where a task run stands, if it is known at all. */
export interface TaskRunState {
  id: Uuid;
  tenantId: Uuid;
  attempt: number;
  status: FinalStatus | "waiting" | "queued" | "assigned" | "backing_off";
  versionId: Uuid;
  error: string | null;
}

const GET_STATES: Statement = {
  name: "get_task_run_states",
  text: /* sql */ `
  select t.id, t.tenant_id as "tenantId", t.attempt, t.status, t.version_id as "versionId", null as error
    from task_run t where t.id = any($2::uuid[])
  union all
  select h.id, h.tenant_id, h.attempt, h.status, h.version_id, h.error
    from unnest($1::uuid[], $2::uuid[]) as wanted (tenant_id, id)
    join task_run_history h on h.tenant_id = wanted.tenant_id and h.id = wanted.id`,
};

/** Where these task runs stand. An id that moves to history meanwhile can appear twice; the finished row comes last. */
export async function getTaskRunStates(
  db: Db,
  wanted: readonly { tenantId: Uuid; id: Uuid }[],
): Promise<Map<Uuid, TaskRunState>> {
  if (wanted.length === 0) return new Map();
  const rows = await db.query<TaskRunState>(GET_STATES, [
    wanted.map((one) => one.tenantId),
    wanted.map((one) => one.id),
  ]);
  return new Map(rows.map((row) => [row.id, row]));
}
