import { setTimeout as pause } from "node:timers/promises";
import { invalidArgument, type TenantId, type WorkerId } from "@helve/core";
import type { Engine } from "@helve/engine";
import type { FastifyInstance } from "fastify";
import { type Static, Type } from "typebox";
import type { AccessRules } from "../access.ts";
import type { RestDeps } from "../deps.ts";
import { newestTasks } from "../newest-tasks.ts";
import { operation } from "../operation.ts";
import { olderPagination, PaginationSchema } from "../pagination.ts";
import type { Reading, WorkerRecord } from "../reading.ts";
import { Id } from "../wire/common.ts";
import { stepsOf } from "../wire/steps.ts";
import { describeWorker, WorkerSchema, WorkerStatusSchema, workerStatus } from "../wire/worker.ts";
import { limitSchema, metadataPairs, OFFSET } from "./queries.ts";

const TAG = "Workers";
const WORKER = "/api/v1/workers/:worker";

const ListQuery = Type.Object({
  limit: limitSchema(10_000, 10_000),
  offset: OFFSET,
  statuses: Type.Optional(Type.Array(WorkerStatusSchema)),
  labels: Type.Optional(Type.Array(Type.String({ description: "key:value; all must match" }))),
});

const BulkBody = Type.Object({
  isPaused: Type.Boolean(),
  workerIds: Type.Optional(Type.Array(Id, { maxItems: 10_000 })),
  labels: Type.Optional(Type.Array(Type.String({ description: "key:value; all must match" }))),
  name: Type.Optional(Type.String()),
  version: Type.Optional(Type.String({ description: "of the worker's label helve-build or version" })),
  waitUntilIdleMs: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 60_000, description: "answers when none holds a task, or after so long" }),
  ),
});

const LOOK_MS = 100;

/** Workers, and pausing them. A worker that is resumed leaves its quarantine too. */
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
      const wanted = labelPairs(labels);
      const workers = (await reading.listWorkers(tenantId)).filter(
        (worker) =>
          (statuses === undefined || statuses.includes(workerStatus(worker))) &&
          wanted.every(([key, value]) => hasLabel(worker, key, value)),
      );
      const page = workers.slice(offset, offset + limit);
      return { pagination: olderPagination(workers.length, limit, offset), rows: await describe(page) };
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
        describe([worker]),
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
    async ({ tenantId, resource: worker, body: { isPaused } }) => {
      const [after] = isPaused === undefined ? [worker] : await setPaused(tenantId, [worker], isPaused);
      const [described] = await describe([after as WorkerRecord]);
      return described;
    },
  );

  operation(
    app,
    {
      method: "PATCH",
      url: "/api/v1/tenants/:tenant/worker",
      id: "worker:update:bulk",
      summary: "Pause workers or let them go on, by label, name, version or id, and wait until they are idle",
      tag: TAG,
      access: access.tenant,
      body: BulkBody,
      answer: Type.Object({ rows: Type.Array(WorkerSchema), busy: Type.Array(Id) }),
    },
    async ({ tenantId, body: { isPaused, waitUntilIdleMs = 0, ...wish } }) => {
      const wanted = readWish(wish);
      const chosen = (await reading.listWorkers(tenantId)).filter(wanted);
      const workers = await setPaused(tenantId, chosen, isPaused);
      for (const startedAt = performance.now(); ; await pause(LOOK_MS)) {
        const used = await usedSlots(workers.map((worker) => worker.id));
        const busy = workers.filter(({ id }) => isBusy(used?.get(id), used === undefined)).map(({ id }) => id);
        if (busy.length === 0 || performance.now() - startedAt >= waitUntilIdleMs) {
          return { rows: await describe(workers), busy };
        }
      }
    },
  );

  operation(
    app,
    {
      method: "GET",
      url: "/api/v1/tenants/:tenant/workflows/:workflow/worker-count",
      id: "workflow:get:workers-count",
      summary: "Slots of the connected workers that have a task of a workflow's newest version, of every kind",
      tag: TAG,
      access: access.workflow,
      answer: Type.Object({ freeSlotCount: Type.Optional(Type.Integer()), maxSlotCount: Type.Integer() }),
    },
    async ({ tenantId, resource: workflow }) => {
      const version = (await reading.getVersions([workflow.versionId])).get(workflow.versionId);
      const actions = new Set(version ? stepsOf(version).map(({ task }) => task.action) : []);
      const workers = (await reading.listWorkers(tenantId)).filter(
        (worker) => worker.isConnected && worker.actions.some((action) => actions.has(action)),
      );
      const used = await usedSlots(workers.map(({ id }) => id));
      const sum = (slots: Readonly<Record<string, number>>) => Object.values(slots).reduce((all, one) => all + one, 0);
      const maxSlotCount = workers.reduce((all, { slots }) => all + sum(slots), 0);
      const taken = used && workers.reduce((all, { id }) => all + sum(used.get(id) ?? {}), 0);
      return { freeSlotCount: taken === undefined ? undefined : maxSlotCount - taken, maxSlotCount };
    },
  );

  /** @returns them as they are then */
  async function setPaused(tenantId: TenantId, workers: readonly WorkerRecord[], isPaused: boolean) {
    const isSo = ({ isPaused: was, quarantineReason }: WorkerRecord) =>
      was === isPaused && (isPaused || quarantineReason === null);
    await Promise.all(
      workers.filter((one) => !isSo(one)).map(({ id }) => engine.setWorkerPaused(tenantId, id, isPaused)),
    );
    return workers.map((one) => ({ ...one, isPaused, quarantineReason: isPaused ? one.quarantineReason : null }));
  }

  /** Of workers connected here from memory; of others as stored, unless that would take too long. */
  async function usedSlots(ids: readonly WorkerId[]): Promise<ReturnType<Engine["usedSlots"]> | undefined> {
    const used = engine.usedSlots(ids);
    const stored = await reading.usedSlots(ids.filter((id) => !used.has(id)));
    return stored && new Map([...stored, ...used]);
  }

  async function describe(workers: readonly WorkerRecord[]): Promise<object[]> {
    const used = await usedSlots(workers.map((worker) => worker.id));
    return workers.map((worker) => describeWorker(worker, used && (used.get(worker.id) ?? {})));
  }
}

/** Labels by which a worker says what build it is; the first is set by our SDK and by the supervisor. */
const VERSION_LABELS = ["helve-build", "version"];

/** Which of the workers are meant. Connected ones alone, unless by id. @throws HelveError when all would be */
function readWish({ workerIds, labels, name, version }: Omit<Static<typeof BulkBody>, "isPaused" | "waitUntilIdleMs">) {
  if (!workerIds && !labels && name === undefined && version === undefined) {
    throw invalidArgument("which workers? one of workerIds, labels, name and version must be given");
  }
  const ids = workerIds && new Set(workerIds.map((id) => id.toLowerCase()));
  const wanted = labelPairs(labels);
  return (worker: WorkerRecord): boolean =>
    (ids ? ids.has(worker.id) : worker.isConnected) &&
    (name === undefined || worker.name === name) &&
    wanted.every(([key, value]) => hasLabel(worker, key, value)) &&
    (version === undefined || VERSION_LABELS.some((key) => hasLabel(worker, key, version)));
}

/** @throws HelveError */
function labelPairs(labels: readonly string[] | undefined): readonly (readonly [key: string, value: string])[] {
  const malformed = labels?.find((label) => !/^[^:]+:/.test(label));
  if (malformed !== undefined) {
    throw invalidArgument(`invalid label filter format: ${malformed}, expected key:value`);
  }
  return metadataPairs(labels) ?? [];
}

function hasLabel({ labels }: WorkerRecord, key: string, value: string): boolean {
  return Object.hasOwn(labels, key) && String(labels[key]) === value;
}

/** Of slots that could not be counted it cannot be said that they are free. */
function isBusy(used: Record<string, number> | undefined, isUnknown: boolean): boolean {
  return isUnknown || Object.values(used ?? {}).some((count) => count > 0);
}

/** Workflows of whose newest version the worker can do a task. */
async function workflowsOf(
  reading: Reading,
  tenantId: string,
  worker: WorkerRecord,
): Promise<{ id: string; name: string }[]> {
  const workflows = await newestTasks(reading, tenantId);
  const actions = new Set(worker.actions);
  return workflows
    .filter(({ tasks }) => tasks.some(({ action }) => actions.has(action)))
    .map(({ id, name }) => ({ id, name }));
}
