import { v1 } from "@helve/contracts";

/** The state of a run or task as REST and lists name it. */
export type V1TaskStatus = "QUEUED" | "RUNNING" | "COMPLETED" | "CANCELLED" | "FAILED";

/** Which runs are meant. */
export interface RunFilter {
  /** @default an hour ago */
  since?: Date | undefined;
  until?: Date | undefined;
  statuses?: V1TaskStatus[] | undefined;
  workflowNames?: string[] | undefined;
  additionalMetadata?: Record<string, string> | undefined;
}

/** Either ids, of runs or of tasks, or a filter. */
export interface RunSelection {
  ids?: string[] | undefined;
  filters?: RunFilter | undefined;
}

export interface ListRunsOpts extends RunFilter {
  offset?: number | undefined;
  /** @default 50 */
  limit?: number | undefined;
  workerId?: string | undefined;
  /** One row per task instead of one per run. @default false */
  onlyTasks?: boolean | undefined;
  parentTaskRunExternalId?: string | undefined;
  triggeringEventExternalId?: string | undefined;
  /** Whether input and output are wanted too. @default false */
  includePayloads?: boolean | undefined;
}

/** What is known of a run. */
export interface RunDetail {
  status: V1TaskStatus;
  /** Whether all of its tasks have ended. */
  done: boolean;
  input: unknown;
  additionalMetadata: unknown;
  /** By the task's name. */
  taskRuns: Record<string, TaskRunDetail>;
}

export interface TaskRunDetail {
  externalId: string;
  readableId: string;
  status: V1TaskStatus;
  output: unknown;
  /** Of a task that failed, as its worker reported it. */
  error?: string | undefined;
}

/** One row of a list, as the engine's REST side gives it. */
export interface RunSummary {
  metadata: { id: string; createdAt: string; updatedAt: string };
  status: V1TaskStatus;
  displayName: string;
  workflowId: string;
  workflowName?: string | undefined;
  taskExternalId: string;
  workflowRunExternalId?: string | undefined;
  startedAt?: string | undefined;
  finishedAt?: string | undefined;
  errorMessage?: string | undefined;
  input?: unknown;
  output?: unknown;
  additionalMetadata?: Record<string, unknown> | undefined;
  [member: string]: unknown;
}

export interface RunSummaryList {
  rows: RunSummary[];
  pagination: { current_page?: number; next_page?: number; num_pages?: number };
}

/** What the engine says of a run, in the words of this SDK. */
export function toRunDetail(details: v1.GetRunDetailsResponse): RunDetail {
  const taskRuns: Record<string, TaskRunDetail> = {};
  for (const [name, task] of Object.entries(details.taskRuns)) taskRuns[name] = taskDetail(task);
  return {
    status: statusName(details.status),
    done: details.done,
    input: parsed(details.input),
    additionalMetadata: parsed(details.additionalMetadata),
    taskRuns,
  };
}

function taskDetail(task: v1.TaskRunDetail): TaskRunDetail {
  return {
    externalId: task.externalId,
    readableId: task.readableId,
    status: statusName(task.status),
    output: parsed(task.output),
    error: task.error || undefined,
  };
}

function parsed(text: Buffer | undefined): unknown {
  return text === undefined || text.length === 0 ? undefined : JSON.parse(text.toString("utf8"));
}

const STATUS: Readonly<Record<number, V1TaskStatus>> = {
  [v1.RunStatus.QUEUED]: "QUEUED",
  [v1.RunStatus.RUNNING]: "RUNNING",
  [v1.RunStatus.COMPLETED]: "COMPLETED",
  [v1.RunStatus.FAILED]: "FAILED",
  [v1.RunStatus.CANCELLED]: "CANCELLED",
};

/** Other states are kinds of running. */
function statusName(status: v1.RunStatus): V1TaskStatus {
  return STATUS[status] ?? "RUNNING";
}
