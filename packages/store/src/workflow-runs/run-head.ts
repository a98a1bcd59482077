import type { Uuid } from "@helve/core";
import type { Db, Statement } from "../db.ts";

/** What a run was started with, be it one task or many, running or ended. */
export interface RunHead {
  versionId: Uuid;
  input: string;
  metadata: string;
}

const GET_RUN_HEAD: Statement = {
  name: "get_run_head",
  text: /* sql */ `
  select version_id as "versionId", coalesce(input, '') as input, coalesce(metadata, '{}') as metadata from (
    select tenant_id, version_id, input, metadata from task_run where id = $2
    union all select tenant_id, version_id, input, metadata from workflow_run where id = $2
    union all select tenant_id, version_id, input, metadata from task_run_history where tenant_id = $1 and id = $2
    union all select tenant_id, version_id, input, metadata from workflow_run_history where tenant_id = $1 and id = $2
  ) run
  where tenant_id = $1
  limit 1`,
};

export async function getRunHead(db: Db, tenantId: Uuid, runId: Uuid): Promise<RunHead | undefined> {
  return (await db.query<RunHead>(GET_RUN_HEAD, [tenantId, runId]))[0];
}

const FIND_UNKNOWN_RUNS: Statement = {
  name: "find_unknown_runs",
  text: /* sql */ `
  select wanted.id from unnest($2::uuid[]) as wanted (id)
   where not exists (select from task_run t where t.id = wanted.id and t.tenant_id = $1)
     and not exists (select from workflow_run w where w.id = wanted.id and w.tenant_id = $1)
     and not exists (select from task_run_history h where h.tenant_id = $1 and h.id = wanted.id)
     and not exists (select from workflow_run_history h where h.tenant_id = $1 and h.id = wanted.id)`,
};

/** Which of these runs the tenant does not have. */
export async function findUnknownRuns(db: Db, tenantId: Uuid, runIds: readonly Uuid[]): Promise<Uuid[]> {
  if (runIds.length === 0) return [];
  return (await db.query<{ id: Uuid }>(FIND_UNKNOWN_RUNS, [tenantId, runIds])).map((row) => row.id);
}
