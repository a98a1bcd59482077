import type { Uuid } from "@helve/core";
import type { Db, Statement } from "../db.ts";

/** How a workflow is paused. */
export interface Pause {
  /** A task that has waited for longer during the pause is cancelled; null: none is. */
  ttlMs: number | null;
  /** Whether runs that crons and schedules would start wait as well, or are not started. */
  cronRuns: "queue" | "drop";
  scheduledRuns: "queue" | "drop";
}

const PAUSE: Statement = {
  name: "pause_workflow",
  text: /* sql */ `
  update workflow
     set paused_at = coalesce(paused_at, helve_now()), pause_ttl_ms = $3,
         paused_cron_runs = $4, paused_scheduled_runs = $5
   where tenant_id = $1 and id = $2 and deleted_at is null
  returning id`,
};

/** Pauses a workflow, or changes how it is paused. @returns whether the tenant has it */
export async function pauseWorkflow(db: Db, tenantId: Uuid, id: Uuid, pause: Pause): Promise<boolean> {
  return (await db.query(PAUSE, [tenantId, id, pause.ttlMs, pause.cronRuns, pause.scheduledRuns])).length > 0;
}

const RESUME: Statement = {
  name: "resume_workflow",
  text: /* sql */ `
  update workflow
     set paused_at = null, resumed_at = case when paused_at is null then resumed_at else helve_now() end,
         pause_ttl_ms = null, paused_cron_runs = null, paused_scheduled_runs = null
   where tenant_id = $1 and id = $2 and deleted_at is null
  returning id`,
};

/** Ends the pause of a workflow, if it is paused. @returns whether the tenant has it */
export async function resumeWorkflow(db: Db, tenantId: Uuid, id: Uuid): Promise<boolean> {
  return (await db.query(RESUME, [tenantId, id])).length > 0;
}

// Of every version: runs of an older one may still wait.
const PAUSED_ACTIONS = /* sql */ `
  workflow w join workflow_version v on v.workflow_id = w.id
  cross join lateral (
    select task ->> 'action' as action from json_array_elements(v.definition -> 'tasks') task
    union select v.definition -> 'onFailure' ->> 'action') a`;

const LIST_PAUSED: Statement = {
  name: "list_paused_actions",
  text: /* sql */ `
  select distinct w.tenant_id as "tenantId", w.name as workflow, a.action
    from ${PAUSED_ACTIONS}
   where w.paused_at is not null and a.action is not null`,
};

/** The actions of all paused workflows. */
export async function listPausedActions(db: Db): Promise<{ tenantId: Uuid; workflow: string; action: string }[]> {
  return db.query(LIST_PAUSED);
}

// Reads whole lines, but only of workflows that have been paused for longer than their tasks may wait.
const LIST_OUTLIVED: Statement = {
  name: "list_outlived_task_runs",
  text: /* sql */ `
  select distinct t.id, t.tenant_id as "tenantId", t.attempt, w.pause_ttl_ms::double precision as "ttlMs"
    from ${PAUSED_ACTIONS}
    join route r on r.tenant_id = w.tenant_id and r.action = a.action
    join task_run t on t.route_id = r.id and t.status = 'queued' and t.version_id = v.id
   where w.paused_at is not null and w.paused_at + w.pause_ttl_ms * interval '1 ms' <= helve_now()
     and t.queued_at + w.pause_ttl_ms * interval '1 ms' <= helve_now()
   limit $1`,
};

/** Task runs that have waited for a paused workflow for longer than it keeps them, at most `limit`. */
export async function listOutlivedTaskRuns(
  db: Db,
  limit: number,
): Promise<{ id: Uuid; tenantId: Uuid; attempt: number; ttlMs: number }[]> {
  return db.query(LIST_OUTLIVED, [limit]);
}
