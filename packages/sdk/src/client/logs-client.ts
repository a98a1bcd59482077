import type { RestClient } from "./rest.ts";

/** A line of a task, as the engine's REST side gives it. */
export interface TaskLogLine {
  createdAt: string;
  message: string;
  level?: string | undefined;
  metadata?: unknown;
  retryCount?: number | undefined;
  [member: string]: unknown;
}

export interface ListLogsOpts {
  limit?: number | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
  search?: string | undefined;
  levels?: ("DEBUG" | "INFO" | "WARN" | "ERROR")[] | undefined;
  /** @default oldest first */
  orderByDirection?: "ASC" | "DESC" | undefined;
  /** Lines of one attempt alone, counted from 1. */
  attempt?: number | undefined;
}

/** Reads the lines that tasks have written. */
export class LogsClient {
  readonly #rest: RestClient;

  constructor(rest: RestClient) {
    this.#rest = rest;
  }

  /** @throws HelveError not_found for an unknown task run */
  async list(taskRunId: string, options: ListLogsOpts = {}): Promise<{ rows: TaskLogLine[] }> {
    const { orderByDirection, ...rest } = options;
    return this.#rest.get(`/api/v1/stable/tasks/${encodeURIComponent(taskRunId)}/logs`, {
      ...rest,
      order_by_direction: orderByDirection,
    });
  }
}
