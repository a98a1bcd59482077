import { HelveError, isUuid, type TenantId, type Uuid } from "@helve/core";
import type { FastifyRequest } from "fastify";
import type { Caller } from "../auth/caller.ts";
import type { Scope } from "../auth/scopes.ts";
import type { RestDeps } from "./deps.ts";
import { FORBIDDEN_TEXT, NOT_FOUND_TEXT, Refusal } from "./errors.ts";
import type { DetailedRecord, Reading, TokenRecord, WorkerRecord, WorkflowRecord } from "./reading.ts";

/** The tenant that a call is about, what the token may do there, and what the path names. */
export interface Resolved<Resource> {
  tenantId: TenantId;
  scope: Scope;
  resource: Resource;
}

/**
 * Finds what a path names and whether the caller may have it.
 *
 * The order of answers is part of the wire: 400 for a malformed id, 404 for one that nobody has, whoever asks, then 403.
 * The ordinary call does not pay for it: the caller is known, and the thing is looked for among his own; only when it is
 * not there does it matter whether somebody else has it.
 *
 * @throws Refusal
 */
export type Access<Resource> = (request: FastifyRequest) => Promise<Resolved<Resource>>;

export interface AccessRules {
  /** `{tenant}` */
  tenant: Access<undefined>;
  /** `{task}`: a standalone task or a task of a DAG. */
  task: Access<DetailedRecord>;
  /** `{run}`: by its id or by a task's; see Reading.getRun. */
  run: Access<DetailedRecord[]>;
  /** `{worker}` */
  worker: Access<WorkerRecord>;
  /** `{workflow}` */
  workflow: Access<WorkflowRecord>;
  /** `{apiToken}`: a revoked one as well. */
  apiToken: Access<TokenRecord>;
}

export function accessRules({ reading, authenticate }: Pick<RestDeps, "reading" | "authenticate">): AccessRules {
  const caller = callerReader(authenticate);

  function owned<Resource>(
    kind: Parameters<Reading["ownerOf"]>[0],
    label: string,
    find: (tenantId: TenantId, id: Uuid) => Promise<Resource | undefined>,
  ): Access<Resource> {
    const param = kind;
    return async (request) => {
      const id = idInPath(request, param, label);
      const known = await caller(request);
      const resource = known && (await find(known.tenantId, id));
      if (known && resource !== undefined) return { tenantId: known.tenantId, scope: known.scope, resource };
      throw (await reading.ownerOf(kind, id)) === undefined ? notFound() : forbidden();
    };
  }

  return {
    async tenant(request) {
      const id = idInPath(request, "tenant", "tenant");
      const known = await caller(request);
      if (known?.tenantId === id) return { tenantId: id, scope: known.scope, resource: undefined };
      throw (await reading.getTenant(id)) === undefined ? notFound() : forbidden();
    },
    task: owned("task", "task", (tenantId, id) => reading.getTask(tenantId, id)),
    run: owned("run", "workflow run", async (tenantId, id) => {
      const records = await reading.getRun(tenantId, id);
      return records.length > 0 ? records : undefined;
    }),
    worker: owned("worker", "worker", (tenantId, id) => reading.getWorker(tenantId, id)),
    workflow: owned("workflow", "workflow", (tenantId, id) => reading.getWorkflow(tenantId, id)),
    apiToken: owned("apiToken", "api token", async (tenantId, id) =>
      (await reading.listApiTokens(tenantId)).find((token) => token.id === id),
    ),
  };
}

/** The scheme in its one spelling that this wire knows, unlike gRPC. */
const BEARER = /^Bearer \S+$/;

function callerReader(authenticate: RestDeps["authenticate"]) {
  return async ({ headers }: FastifyRequest): Promise<Caller | undefined> => {
    if (!BEARER.test(headers.authorization ?? "")) return undefined;
    return authenticate(headers.authorization).catch((error: unknown) => {
      if (error instanceof HelveError && error.code === "unauthenticated") return undefined;
      throw error;
    });
  };
}

function idInPath({ params }: FastifyRequest, param: string, label: string): Uuid {
  const text = (params as Record<string, string>)[param] ?? "";
  if (!isUuid(text)) throw new Refusal(400, `invalid ${label} id`);
  return text.toLowerCase();
}

function notFound(): Refusal {
  return new Refusal(404, NOT_FOUND_TEXT);
}

function forbidden(): Refusal {
  return new Refusal(403, FORBIDDEN_TEXT);
}
