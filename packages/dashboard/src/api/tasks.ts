import { queryOptions } from "@tanstack/react-query";
import type { Api } from "./api.ts";

/** A task as lists have it, as far as it is looked at. */
export interface Task {
  readonly taskExternalId: string;
  readonly displayName: string;
  readonly workflowName?: string;
  /** Missing while the worker has not said that it began. */
  readonly startedAt?: string;
  /** From 1. */
  readonly attempt?: number;
}

export interface TaskList {
  readonly rows: readonly Task[];
  /** Whether there are more than these. */
  readonly hasMore: boolean;
  /** When it was so, by the engine's clock, in ms. */
  readonly atMs: number;
}

const SHOWN_TASKS = 50;
/** A task that was triggered longer ago is not looked for. */
const SINCE_MS = 7 * 86_400_000;

/** The tasks that a worker has in its hands, newest first. */
export function heldTasksQuery(api: Api, workerId: string) {
  return queryOptions({
    queryKey: ["tasks", "held", workerId],
    queryFn: async ({ signal }): Promise<TaskList> => {
      const query = {
        since: new Date(Date.now() - SINCE_MS).toISOString(),
        only_tasks: true,
        worker_id: workerId,
        statuses: "RUNNING",
        limit: SHOWN_TASKS + 1,
      };
      const path = `stable/tenants/${api.tenantId}/workflow-runs`;
      const { body, atMs } = await api.get<{ rows: Task[] }>(path, { query, signal });
      return { rows: body.rows.slice(0, SHOWN_TASKS), hasMore: body.rows.length > SHOWN_TASKS, atMs };
    },
  });
}
