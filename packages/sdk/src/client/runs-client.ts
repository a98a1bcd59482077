import { v1, type WorkflowEvent } from "@helve/contracts";
import { HelveError } from "../errors.ts";
import type { EngineConnection } from "../transport/engine-connection.ts";
import { callUnary, type UnaryOptions } from "../transport/unary-call.ts";
import type { Anything } from "../workflow/json.ts";
import type { RestClient } from "./rest.ts";
import { runEvents, runStream } from "./run-events.ts";
import type { RunLauncher } from "./run-launcher.ts";
import { type RunAccess, WorkflowRunRef } from "./run-ref.ts";
import type { WorkflowsClient } from "./workflows-client.ts";

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

export interface RunsDeps {
  connection: EngineConnection;
  rest: RestClient;
  launcher: RunLauncher;
  workflows: WorkflowsClient;
  requestTimeoutMs: number;
}

const HOUR_MS = 3_600_000;

/** Looks at runs and acts on them. */
export class RunsClient implements RunAccess {
  readonly #deps: RunsDeps;

  constructor(deps: RunsDeps) {
    this.#deps = deps;
  }

  /** Everything about a run, as the engine's REST side gives it. @throws HelveError not_found */
  async get(run: string | WorkflowRunRef<Anything>): Promise<Anything> {
    return this.#deps.rest.get(`/api/v1/stable/workflow-runs/${encodeURIComponent(idOf(run))}`);
  }

  /** @throws HelveError not_found */
  async get_status(run: string | WorkflowRunRef<Anything>): Promise<V1TaskStatus> {
    return (await this.getDetails(run)).status;
  }

  /** What a run was given and what came of it so far. @throws HelveError not_found */
  async getDetails(run: string | WorkflowRunRef<Anything>): Promise<RunDetail> {
    const { admin } = this.#deps.connection;
    const details = await callUnary(admin.getRunDetails.bind(admin), { externalId: idOf(run) }, this.#call("run"));
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

  /** Runs, the latest first. */
  async list(options: ListRunsOpts = {}): Promise<RunSummaryList> {
    const { rest } = this.#deps;
    return rest.get(`/api/v1/stable/tenants/${rest.tenantId}/workflow-runs`, {
      since: options.since ?? new Date(Date.now() - HOUR_MS),
      until: options.until,
      only_tasks: options.onlyTasks ?? false,
      limit: options.limit,
      offset: options.offset,
      statuses: options.statuses,
      workflow_ids: await this.#workflowIds(options),
      worker_id: options.workerId,
      parent_task_external_id: options.parentTaskRunExternalId,
      triggering_event_external_id: options.triggeringEventExternalId,
      additional_metadata: pairs(options),
      include_payloads: options.includePayloads,
    });
  }

  /**
   * Cancels runs with all their tasks, or single tasks. What has ended stays as it is.
   *
   * @param what a single id, or which ones
   * @returns ids of the tasks that were cancelled
   * @throws HelveError invalid_argument when neither ids nor filters are given
   */
  async cancel(what: RunSelection | string): Promise<{ ids: string[] }> {
    const { admin } = this.#deps.connection;
    const request = await this.#selection(what, "cancel");
    const { cancelledTasks } = await callUnary(admin.cancelTasks.bind(admin), request, this.#call("cancel"));
    return { ids: cancelledTasks };
  }

  /**
   * Runs ended runs or tasks again; a task of a graph with all that depends on it.
   *
   * @param what a single id, or which ones
   * @returns ids of the tasks that run again
   * @throws HelveError invalid_argument when neither ids nor filters are given
   */
  async replay(what: RunSelection | string): Promise<{ ids: string[] }> {
    const { admin } = this.#deps.connection;
    const request = await this.#selection(what, "replay");
    const { replayedTasks } = await callUnary(admin.replayTasks.bind(admin), request, this.#call("replay"));
    return { ids: replayedTasks };
  }

  /** A reference to a run by its id; nothing is asked for yet. */
  runRef<T = Anything>(id: string): WorkflowRunRef<T> {
    return new WorkflowRunRef<T>(id, this);
  }

  /** What the tasks of a run put into the stream from now on, until the run has ended. */
  subscribeToStream(workflowRunId: string): AsyncIterableIterator<string> {
    return runStream(this.#deps.connection, workflowRunId);
  }

  resultOf(runId: string, standaloneTask: string | undefined): Promise<unknown> {
    return this.#deps.launcher.resultOf(runId, standaloneTask);
  }

  events(runId: string): AsyncGenerator<WorkflowEvent, void, undefined> {
    return runEvents(this.#deps.connection, runId);
  }

  #call(what: string): UnaryOptions {
    const { connection, requestTimeoutMs } = this.#deps;
    return { what, metadata: connection.metadata, patienceMs: requestTimeoutMs };
  }

  async #selection(what: RunSelection | string, action: string): Promise<v1.CancelTasksRequest> {
    const { ids, filters } = typeof what === "string" ? { ids: [what], filters: undefined } : what;
    if (ids !== undefined) return { externalIds: ids, filter: undefined };
    if (filters === undefined) {
      throw new HelveError(
        "invalid_argument",
        `say what to ${action}: give ids, or filters (an empty one is the last hour)`,
      );
    }
    return {
      externalIds: [],
      filter: {
        since: filters.since ?? new Date(Date.now() - HOUR_MS),
        until: filters.until,
        statuses: filters.statuses ?? [],
        workflowIds: (await this.#workflowIds(filters)) ?? [],
        additionalMetadata: pairs(filters) ?? [],
      },
    };
  }

  async #workflowIds({ workflowNames }: RunFilter): Promise<string[] | undefined> {
    if (workflowNames === undefined) return undefined;
    return Promise.all(workflowNames.map((name) => this.#deps.workflows.getWorkflowIdFromName(name)));
  }
}

function idOf(run: string | WorkflowRunRef<Anything>): string {
  return typeof run === "string" ? run : run.workflowRunId;
}

function pairs({ additionalMetadata }: RunFilter): string[] | undefined {
  return additionalMetadata && Object.entries(additionalMetadata).map(([key, value]) => `${key}:${value}`);
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
