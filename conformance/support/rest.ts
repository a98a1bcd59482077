import type { EngineAddress } from "./engine.ts";
import { eventually } from "./eventually.ts";
import type { Loose } from "./loose.ts";

/** An entry of a task's event list, times in epoch ms by the engine's clock. */
export interface TaskEvent {
  type: string;
  retry: number;
  at: number;
  message: string;
  error: string;
}

/** Plain REST calls with the tenant's token: what a dashboard would see. */
export class Rest {
  private readonly engine: EngineAddress;

  constructor(engine: EngineAddress) {
    this.engine = engine;
  }

  /** @throws when the answer is not a 2xx, with its status and body */
  async get<T>(path: string): Promise<T> {
    return this.call<T>("GET", path);
  }

  /** @param body sent as JSON */
  async post<T>(path: string, body: unknown): Promise<T> {
    return this.call<T>("POST", path, body);
  }

  /** The answer as it is, whatever its status. */
  async fetch(
    method: string,
    path: string,
    body?: unknown,
    token: string | undefined = this.engine.token,
  ): Promise<Response> {
    return fetch(`${this.engine.httpUrl}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async status(run: string): Promise<string> {
    return (await this.get<{ run: { status: string } }>(`/api/v1/stable/workflow-runs/${run}`)).run.status;
  }

  /** Waits for a status that is due; what stands there in the end is part of the error otherwise. */
  async statusBecomes(run: string, wanted: string, timeoutMs = 2_000): Promise<void> {
    let seen = "nothing";
    await eventually(`status ${wanted} of run ${run}`, timeoutMs, async () => {
      seen = await this.status(run);
      return seen === wanted || undefined;
    }).catch((error: unknown) => {
      throw new Error(`run ${run} is ${seen}, not ${wanted}`, { cause: error });
    });
  }

  /** The event list of a task run, oldest first. */
  async taskEvents(taskRun: string): Promise<TaskEvent[]> {
    const { rows } = await this.get<{ rows: Record<string, Loose>[] }>(
      `/api/v1/stable/tasks/${taskRun}/task-events?limit=500`,
    );
    return rows
      .map((row) => ({
        type: row.eventType,
        retry: row.retryCount,
        at: Date.parse(row.timestamp),
        message: row.message ?? "",
        error: row.errorMessage ?? "",
      }))
      .reverse();
  }

  /** The first such event of an attempt, once it is listed. */
  async taskEvent(taskRun: string, type: string, retry = 0, timeoutMs = 5_000): Promise<TaskEvent> {
    return eventually(`event ${type} of attempt ${retry} of task run ${taskRun}`, timeoutMs, async () => {
      return (await this.taskEvents(taskRun)).find((event) => event.type === type && event.retry === retry);
    });
  }

  async cancel(runs: string[]): Promise<void> {
    await this.post(`/api/v1/stable/tenants/${this.engine.tenantId}/tasks/cancel`, { externalIds: runs });
  }

  async replay(runs: string[]): Promise<void> {
    await this.post(`/api/v1/stable/tenants/${this.engine.tenantId}/tasks/replay`, { externalIds: runs });
  }

  private async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.fetch(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }
}
