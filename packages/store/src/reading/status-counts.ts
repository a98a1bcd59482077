import type { Uuid } from "@helve/core";
import type { Db, Statement } from "../db.ts";
import { filterValues, type RunFilter, type RunStatusFilter, runConditions, taskConditions } from "./run-filter.ts";
import { IS_UNDER_WAY } from "./run-record.ts";

export type StatusCounts = Record<RunStatusFilter, number>;

const COUNT_BY_STATUS: Statement = {
  name: "reading_count_by_status",
  text: /* sql */ `
  select status, sum(count)::bigint as count from (
    select case when t.status = 'assigned' then 'running' else 'queued' end as status, count(*) as count
      from task_run t where ${taskConditions("task_run", "runs")} group by 1
    union all
    select t.status::text, count(*) from task_run_history t where ${taskConditions("task_run_history", "runs")} group by 1
    union all
    select case when ${IS_UNDER_WAY} then 'running' else 'queued' end, count(*)
      from workflow_run w where ${runConditions("workflow_run")} group by 1
    union all
    select w.status::text, count(*) from workflow_run_history w where ${runConditions("workflow_run_history")} group by 1
  ) as counted
  group by 1`,
};

/** How many runs are in each status, those of DAGs counted once. Exact, so it reads all that the filter lets through. */
export async function countByStatus(db: Db, tenantId: Uuid, filter: RunFilter): Promise<StatusCounts> {
  const counts: StatusCounts = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 };
  const rows = await db.query<{ status: RunStatusFilter | "skipped"; count: number }>(
    COUNT_BY_STATUS,
    filterValues(tenantId, filter, "runs"),
  );
  for (const { status, count } of rows) counts[status === "skipped" ? "succeeded" : status] += count;
  return counts;
}
