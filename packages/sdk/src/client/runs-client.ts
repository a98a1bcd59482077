import type { v1, WorkflowEvent } from "@helve/contracts";
import { HelveError } from "../errors.ts";
import type { EngineConnection } from "../transport/engine-connection.ts";
import { callUnary, type UnaryOptions } from "../transport/unary-call.ts";
import type { Anything } from "../workflow/json.ts";
import type { RestClient } from "./rest.ts";
import {
  type ListRunsOpts,
  type RunDetail,
  type RunFilter,
  type RunSelection,
  type RunSummaryList,
  toRunDetail,
  type V1TaskStatus,
} from "./run-detail.ts";
import { runEvents, runStream } from "./run-events.ts";
import type { RunLauncher } from "./run-launcher.ts";
import { type RunAccess, WorkflowRunRef } from "./run-ref.ts";
import type { WorkflowsClient } from "./workflows-client.ts";

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
    return toRunDetail(await callUnary(admin.getRunDetails.bind(admin), { externalId: idOf(run) }, this.#call("run")));
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
