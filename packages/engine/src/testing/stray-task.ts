import { newRunId, type RunId, type WorkerId } from "@helve/core";
import type { TestEngine } from "./test-engine.ts";

/**
 * Stores a run as given to a worker behind the engine's back, as by a replica that died before it could send it.
 *
 * @param deadline from now, as Postgres reads it
 */
export async function strayTask({ query }: TestEngine, workerId: WorkerId, deadline = "1 hour"): Promise<RunId> {
  const id = newRunId();
  await query(
    `insert into task_run (id, tenant_id, version_id, route_id, status, priority, rank, attempt, worker_id,
       schedule_timeout_ms, execution_timeout_ms, created_at, queued_at, assigned_at, deadline_at, input, metadata)
     select $1, v.tenant_id, v.id, (select max(id) from route), 'assigned', 1, 3, 1, $2, 60000, 60000, now(), now(), now(),
       now() + $3::interval, '{}', '{}' from workflow_version v`,
    [id, workerId, deadline],
  );
  return id;
}
