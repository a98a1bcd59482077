import { HelveError } from "../errors.ts";
import type { BaseWorkflowDeclaration } from "../workflow/base-declaration.ts";
import type { Anything } from "../workflow/json.ts";
import { workflowNameOnWire } from "../workflow/registration.ts";
import type { RestClient } from "./rest.ts";

/** A workflow as the engine's REST side gives it. */
export interface WorkflowSummary {
  metadata: { id: string; createdAt: string; updatedAt: string };
  name: string;
  description?: string | undefined;
  isPaused?: boolean | undefined;
  [member: string]: unknown;
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Looks at the workflows that the engine has stored. */
export class WorkflowsClient {
  readonly #rest: RestClient;
  readonly #namespace: string;

  constructor(rest: RestClient, namespace: string) {
    this.#rest = rest;
    this.#namespace = namespace;
  }

  /** By name or id. @throws HelveError not_found */
  async get(workflow: string | BaseWorkflowDeclaration<Anything, Anything>): Promise<WorkflowSummary> {
    const id = await this.getWorkflowIdFromName(workflow);
    return this.#rest.get(`/api/v1/workflows/${id}`);
  }

  async list(options: { limit?: number; offset?: number; name?: string } = {}): Promise<{ rows: WorkflowSummary[] }> {
    return this.#rest.get(`/api/v1/tenants/${this.#rest.tenantId}/workflows`, options);
  }

  /** Deletes a workflow, by name or id. Its runs stay. @throws HelveError not_found */
  async delete(workflow: string | BaseWorkflowDeclaration<Anything, Anything>): Promise<void> {
    await this.#rest.delete(`/api/v1/workflows/${await this.getWorkflowIdFromName(workflow)}`);
  }

  /** @throws HelveError not_found */
  async getWorkflowIdFromName(workflow: string | BaseWorkflowDeclaration<Anything, Anything>): Promise<string> {
    const given = typeof workflow === "string" ? workflow : workflow.name;
    if (UUID.test(given)) return given;
    const name = workflowNameOnWire(given, this.#namespace);
    // The filter finds parts of names as well.
    const { rows } = await this.list({ name, limit: 200 });
    const found = (rows ?? []).find((row) => row.name === name);
    if (found === undefined) throw new HelveError("not_found", `there is no workflow '${name}'`);
    return found.metadata.id;
  }
}
