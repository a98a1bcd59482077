import { invalidArgument } from "@helve/core";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { AccessRules } from "../access.ts";
import type { RestDeps } from "../deps.ts";
import { operation } from "../operation.ts";
import { olderPagination, PaginationSchema } from "../pagination.ts";
import type { Reading, WorkerRecord } from "../reading.ts";
import { Id, MetaSchema, meta, Time } from "../wire/common.ts";
import { limitSchema, metadataPairs, OFFSET } from "./queries.ts";

const TAG = "Workers";
const WORKER = "/api/v1/workers/:worker";

const WORKER_STATUS = Type.Enum(["ACTIVE", "INACTIVE", "PAUSED"]);

const WorkerSchema = Type.Object({
  metadata: MetaSchema,
  name: Type.String(),
  type: Type.Enum(["SELFHOSTED", "MANAGED", "WEBHOOK"]),
  status: WORKER_STATUS,
  quarantineReason: Type.Optional(Type.String({ description: "why a connected worker is given nothing" })),
  lastHeartbeatAt: Type.Optional(Time),
  lastListenerEstablished: Type.Optional(Time),
  actions: Type.Array(Type.String()),
  slotConfig: Type.Record(
    Type.String(),
    Type.Object({ limit: Type.Integer(), available: Type.Optional(Type.Integer()) }),
  ),
  labels: Type.Array(Type.Object({ metadata: MetaSchema, key: Type.String(), value: Type.String() })),
  runtimeInfo: Type.Optional(Type.Record(Type.String(), Type.String())),
  registeredWorkflows: Type.Optional(Type.Array(Type.Object({ id: Id, name: Type.String() }))),
  recentStepRuns: Type.Optional(Type.Array(Type.Unknown())),
});

const ListQuery = Type.Object({
  limit: limitSchema(10_000, 10_000),
  offset: OFFSET,
  statuses: Type.Optional(Type.Array(WORKER_STATUS)),
  labels: Type.Optional(Type.Array(Type.String({ description: "key:value; all must match" }))),
});

/** Workers, and pausing them. */
export function workerRoutes(app: FastifyInstance, { engine, reading }: RestDeps, access: AccessRules): void {
  operation(
    app,
    {
      method: "GET",
      url: "/api/v1/tenants/:tenant/worker",
      id: "worker:list",
      summary: "Workers heard of in the last 24 hours, newest first",
      tag: TAG,
      access: access.tenant,
      query: ListQuery,
      answer: Type.Object({ pagination: PaginationSchema, rows: Type.Array(WorkerSchema) }),
    },
    async ({ tenantId, query: { limit = 10_000, offset = 0, statuses, labels } }) => {
      const malformed = labels?.find((label) => !/^[^:]+:/.test(label));
      if (malformed !== undefined) {
        throw invalidArgument(`invalid label filter format: ${malformed}, expected key:value`);
      }
      const wanted = metadataPairs(labels) ?? [];
      const workers = (await reading.listWorkers(tenantId)).filter(
        (worker) =>
          (statuses === undefined || statuses.includes(statusOf(worker))) &&
          wanted.every(([key, value]) => key in worker.labels && String(worker.labels[key]) === value),
      );
      const page = workers.slice(offset, offset + limit);
      return { pagination: olderPagination(workers.length, limit, offset), rows: await describe(reading, page) };
    },
  );

  operation(
    app,
    {
      method: "GET",
      url: WORKER,
      id: "worker:get",
      summary: "A worker and the workflows it takes part in",
      tag: TAG,
      access: access.worker,
      answer: WorkerSchema,
    },
    async ({ tenantId, resource: worker }) => {
      const [[described], registeredWorkflows] = await Promise.all([
        describe(reading, [worker]),
        workflowsOf(reading, tenantId, worker),
      ]);
      return { ...described, registeredWorkflows, recentStepRuns: [] };
    },
  );

  operation(
    app,
    {
      method: "PATCH",
      url: WORKER,
      id: "worker:update",
      summary: "Pause a worker, or let it go on",
      tag: TAG,
      access: access.worker,
      body: Type.Object({ isPaused: Type.Optional(Type.Boolean()) }),
      answer: WorkerSchema,
    },
    async ({ tenantId, resource: worker, body: { isPaused = worker.isPaused } }) => {
      if (isPaused !== worker.isPaused) await engine.setWorkerPaused(tenantId, worker.id, isPaused);
      const [described] = await describe(reading, [{ ...worker, isPaused }]);
      return described;
    },
  );
}

type WorkerStatus = "ACTIVE" | "INACTIVE" | "PAUSED";

/** One that is connected and gets nothing, as it confirms nothing, is not active. */
function statusOf({ isConnected, isPaused, quarantineReason }: WorkerRecord): WorkerStatus {
  if (!isConnected || quarantineReason !== null) return "INACTIVE";
  return isPaused ? "PAUSED" : "ACTIVE";
}

async function describe(reading: Reading, workers: readonly WorkerRecord[]): Promise<object[]> {
  const used = await reading.usedSlots(workers.map((worker) => worker.id));
  return workers.map((worker) => {
    const taken = used && (used.get(worker.id) ?? {});
    return {
      metadata: meta(worker.id, worker.createdAt, worker.lastHeartbeatAt ?? worker.createdAt),
      name: worker.name,
      type: "SELFHOSTED",
      status: statusOf(worker),
      quarantineReason: worker.quarantineReason ?? undefined,
      lastHeartbeatAt: worker.lastHeartbeatAt ?? undefined,
      lastListenerEstablished: worker.listeningSince ?? undefined,
      actions: worker.actions,
      slotConfig: Object.fromEntries(
        Object.entries(worker.slots).map(([kind, limit]) => [
          kind,
          { available: taken && Math.max(0, limit - (taken[kind] ?? 0)), limit },
        ]),
      ),
      labels: Object.entries(worker.labels).map(([key, value]) => ({
        metadata: meta(NIL_ID, worker.createdAt),
        key,
        value: String(value),
      })),
      runtimeInfo: runtimeInfo(worker),
    };
  });
}

const NIL_ID = "00000000-0000-0000-0000-000000000000";
const LANGUAGES = ["GOLANG", "PYTHON", "TYPESCRIPT", "RUBY"];

function runtimeInfo({ runtime }: WorkerRecord): object | undefined {
  const { sdkVersion, language, languageVersion, os, extra } = runtime;
  const name = language?.toUpperCase() ?? "";
  const known = LANGUAGES.includes(name) ? name : undefined;
  const info = { sdkVersion, language: known, languageVersion, os, runtimeExtra: extra };
  return Object.values(info).some((value) => value !== undefined) ? info : undefined;
}

/** Workflows of whose newest version the worker can do a task. */
async function workflowsOf(
  reading: Reading,
  tenantId: string,
  worker: WorkerRecord,
): Promise<{ id: string; name: string }[]> {
  const workflows = await reading.listAllWorkflows(tenantId);
  const versions = await reading.getVersions(workflows.map((workflow) => workflow.versionId));
  const actions = new Set(worker.actions);
  return workflows.flatMap(({ id, name, versionId }) => {
    const definition = versions.get(versionId)?.definition;
    const tasks = definition ? [...definition.tasks, ...(definition.onFailure ? [definition.onFailure] : [])] : [];
    return tasks.some((task) => actions.has(task.action)) ? [{ id, name }] : [];
  });
}
