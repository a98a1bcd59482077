import { v1 } from "@helve/contracts";
import { HelveError, invalidArgument, isUuid, notFound } from "@helve/core";
import type { RunDetails, RunStatus, TaskResult } from "@helve/engine";
import { SKIPPED_OUTPUT } from "../dispatcher/run-results.ts";
import type { CallContext, Edge } from "../edge.ts";

/** v1.AdminService/GetRunDetails: what is known of a run now, by names of tasks. */
export async function getRunDetails(
  { engine }: Edge,
  { tenantId }: CallContext,
  { externalId }: v1.GetRunDetailsRequest,
): Promise<v1.GetRunDetailsResponse> {
  if (!isUuid(externalId)) throw invalidArgument("invalid external id");
  try {
    return detailsResponse(await engine.getRun(tenantId, externalId.toLowerCase()));
  } catch (error) {
    if (error instanceof HelveError && error.code === "not_found") throw notFound("workflow run not found");
    throw error;
  }
}

const STATUS: Readonly<Record<RunStatus | "skipped", v1.RunStatus>> = {
  queued: v1.RunStatus.QUEUED,
  running: v1.RunStatus.RUNNING,
  succeeded: v1.RunStatus.COMPLETED,
  failed: v1.RunStatus.FAILED,
  cancelled: v1.RunStatus.CANCELLED,
  skipped: v1.RunStatus.COMPLETED,
};

/** A run's details as the wire has them. Clients take the keys of `task_runs` for names of tasks. */
export function detailsResponse(run: RunDetails): v1.GetRunDetailsResponse {
  return {
    input: Buffer.from(run.input),
    status: STATUS[run.status],
    taskRuns: Object.fromEntries(run.tasks.map((task) => [task.taskName, taskDetail(task)])),
    done: run.isDone,
    additionalMetadata: Buffer.from(run.metadata),
    isEvicted: false,
  };
}

/** Every task that has ended has an error, an empty one when it succeeded: so clients have always read it. */
function taskDetail({ taskId, taskName, status, output, error }: TaskResult): v1.TaskRunDetail {
  const hasEnded = status !== "queued" && status !== "running";
  const shownOutput = output ?? (status === "skipped" ? SKIPPED_OUTPUT : undefined);
  return {
    externalId: taskId,
    readableId: taskName,
    status: STATUS[status],
    ...(hasEnded && { error: error ?? "" }),
    ...(shownOutput !== undefined && { output: Buffer.from(shownOutput) }),
    isEvicted: false,
  };
}
