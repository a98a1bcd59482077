import { timeSpan } from "../arguments/parse.ts";
import type { Rest } from "../engine/rest.ts";
import { workflowIdOf } from "../engine/workflows.ts";
import { DONE, FAILED } from "../exit-codes.ts";
import type { Io } from "../io.ts";

/** What one call of the API replays at most. */
const RUNS_PER_CALL = 1000;
const DEFAULT_SINCE = "1h";

export interface FailedRuns {
  since: string | undefined;
  workflow: string | undefined;
  /** Without it they are only counted. */
  isConfirmed: boolean;
  isJson: boolean;
}

/** Runs again what has failed of the runs that were started within a span of time. */
export async function replayFailed(
  rest: Rest,
  io: Io,
  { since = DEFAULT_SINCE, workflow, isConfirmed, isJson }: FailedRuns,
): Promise<number> {
  const from = new Date(Date.now() - (timeSpan(since, "--since") as number)).toISOString();
  const workflowId = workflow === undefined ? undefined : await workflowIdOf(rest, workflow);
  const count = await countFailed(rest, from, workflowId);
  const what = `${count === 1 ? "1 run" : `${count} runs`} of the last ${since} failed`;
  if (count > 0 && !isConfirmed) {
    io.err.write(`helve: ${what}; --yes runs them again, and helve runs --failed --since ${since} lists them\n`);
    return FAILED;
  }
  const filter = { since: from, statuses: ["FAILED"], ...(workflowId !== undefined && { workflowIds: [workflowId] }) };
  const ids: string[] = [];
  // Those that run again are not failed any more, unless they have failed once more by then: so often and no further.
  for (let left = count; left > 0; left -= RUNS_PER_CALL) {
    const answer = await rest.post<{ ids?: string[] }>(`stable/tenants/${rest.tenantId}/tasks/replay`, { filter });
    ids.push(...(answer.ids ?? []));
  }
  if (isJson) io.out.write(`${JSON.stringify({ ids }, undefined, 2)}\n`);
  else if (count === 0) io.out.write(`No run of the last ${since} failed.\n`);
  else io.out.write(`${what}; ${ids.length === 1 ? "1 task runs" : `${ids.length} tasks run`} again.\n`);
  return DONE;
}

async function countFailed(rest: Rest, since: string, workflowId: string | undefined): Promise<number> {
  const query = { since, only_tasks: false, statuses: "FAILED", workflow_ids: workflowId, limit: 1 };
  type List = { rows: unknown[]; pagination: { num_pages?: number } };
  const { rows, pagination } = await rest.get<List>(`stable/tenants/${rest.tenantId}/workflow-runs`, query);
  // With one row to a page there are as many pages as runs.
  return rows.length === 0 ? 0 : (pagination.num_pages ?? rows.length);
}
