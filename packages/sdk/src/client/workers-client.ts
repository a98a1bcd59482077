import type { RestClient } from "./rest.ts";

/** A worker as the engine's REST side gives it. */
export interface WorkerSummary {
  metadata: { id: string; createdAt: string; updatedAt: string };
  name: string;
  status?: "ACTIVE" | "INACTIVE" | "PAUSED" | undefined;
  [member: string]: unknown;
}

/** Looks at workers, pauses and resumes them. */
export class WorkersClient {
  readonly #rest: RestClient;

  constructor(rest: RestClient) {
    this.#rest = rest;
  }

  /** @throws HelveError not_found */
  async get(workerId: string): Promise<WorkerSummary> {
    return this.#rest.get(`/api/v1/workers/${encodeURIComponent(workerId)}`);
  }

  async list(): Promise<{ rows: WorkerSummary[] }> {
    return this.#rest.get(`/api/v1/tenants/${this.#rest.tenantId}/worker`);
  }

  async isPaused(workerId: string): Promise<boolean> {
    return (await this.get(workerId)).status === "PAUSED";
  }

  /** The worker gets nothing new; what runs goes on. */
  async pause(workerId: string): Promise<WorkerSummary> {
    return this.#rest.patch(`/api/v1/workers/${encodeURIComponent(workerId)}`, { isPaused: true });
  }

  async unpause(workerId: string): Promise<WorkerSummary> {
    return this.#rest.patch(`/api/v1/workers/${encodeURIComponent(workerId)}`, { isPaused: false });
  }
}
