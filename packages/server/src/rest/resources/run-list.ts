import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { AccessRules } from "../access.ts";
import type { RestDeps } from "../deps.ts";
import { operation } from "../operation.ts";
import { COUNT_CAP, PaginationSchema, runPagination, totalOf } from "../pagination.ts";
import type { Reading, RunFilter } from "../reading.ts";
import { displayName, Id, MetaSchema, meta, StatusSchema, Time } from "../wire/common.ts";
import { runRows } from "../wire/run-rows.ts";
import { stepOfTask } from "../wire/steps.ts";
import { TaskSummarySchema } from "../wire/task-summary.ts";
import { commonFilter, limitSchema, lowerCase, OFFSET } from "./queries.ts";

const TAG = "Runs";
const RUNS = "/api/v1/stable/tenants/:tenant/workflow-runs";

const RUNNING_FILTER = Type.Optional(Type.Enum(["ALL", "EVICTED", "ON_WORKER"]));

const ListQuery = Type.Object({
  since: Time,
  until: Type.Optional(Time),
  only_tasks: Type.Boolean({ description: "one row for each task instead of each run" }),
  limit: limitSchema(50, 100_000),
  offset: OFFSET,
  statuses: Type.Optional(Type.Array(StatusSchema)),
  running_filter: RUNNING_FILTER,
  workflow_ids: Type.Optional(Type.Array(Id)),
  worker_id: Type.Optional(Id),
  parent_task_external_id: Type.Optional(Id),
  triggering_event_external_id: Type.Optional(Id),
  additional_metadata: Type.Optional(Type.Array(Type.String({ description: "key:value" }))),
  additional_metadata_operator: Type.Optional(Type.Enum(["OR", "AND"])),
  idempotency_keys: Type.Optional(Type.Array(Type.String())),
  include_payloads: Type.Optional(Type.Boolean({ default: false })),
});

const IdsQuery = Type.Object({
  since: Time,
  until: Type.Optional(Time),
  statuses: Type.Optional(Type.Array(StatusSchema)),
  running_filter: RUNNING_FILTER,
  workflow_ids: Type.Optional(Type.Array(Id)),
  additional_metadata: Type.Optional(Type.Array(Type.String())),
});

const NamesQuery = Type.Object({ external_ids: Type.Array(Id, { maxItems: 10_000 }) });

/** Runs as lists. */
export function runListRoutes(app: FastifyInstance, { reading }: RestDeps, access: AccessRules): void {
  operation(
    app,
    {
      method: "GET",
      url: RUNS,
      id: "v1-workflow-run:list",
      summary: "Runs or tasks, newest first",
      tag: TAG,
      access: access.tenant,
      query: ListQuery,
      answer: Type.Object({ pagination: PaginationSchema, rows: Type.Array(TaskSummarySchema) }),
    },
    async ({ tenantId, query }) => {
      const { only_tasks: onlyTasks, limit = 50, offset = 0, include_payloads: withPayloads = false } = query;
      const filter: RunFilter = {
        ...commonFilter(query),
        metadataMatch: query.additional_metadata_operator === "AND" ? "all" : "any",
        parentTaskId: onlyTasks ? undefined : query.parent_task_external_id,
        workerId: onlyTasks ? query.worker_id : undefined,
        eventId: query.triggering_event_external_id?.toLowerCase(),
      };
      // No run has an idempotency key yet, so none has one of these.
      if (query.idempotency_keys) return { pagination: runPagination(0, limit, offset), rows: [] };
      const page = { limit, offset, withPayloads };
      const records = await (onlyTasks ? reading.listTasks : reading.listRuns)(tenantId, filter, page);
      const count = onlyTasks ? reading.countTasks : reading.countRuns;
      const [total, rows] = await Promise.all([
        totalOf(records.length, page, () => count(tenantId, filter, COUNT_CAP)),
        runRows(reading, tenantId, records, withPayloads),
      ]);
      return { pagination: runPagination(total, limit, offset), rows };
    },
  );

  operation(
    app,
    {
      method: "GET",
      url: `${RUNS}/external-ids`,
      id: "v1-workflow-run:external-ids:list",
      summary: "The ids of all runs that match",
      tag: TAG,
      access: access.tenant,
      query: IdsQuery,
      answer: Type.Array(Id),
    },
    ({ tenantId, query, reply }) =>
      reply
        .type("application/json; charset=utf-8")
        .send(Readable.from(idsAsJson(reading, tenantId, commonFilter(query)), { objectMode: false })),
  );

  operation(
    app,
    {
      method: "GET",
      url: `${RUNS}/display-names`,
      id: "v1-workflow-run:display-names:list",
      summary: "What runs are called",
      tag: TAG,
      access: access.tenant,
      query: NamesQuery,
      answer: Type.Object({
        pagination: PaginationSchema,
        rows: Type.Array(Type.Object({ metadata: MetaSchema, displayName: Type.String() })),
      }),
    },
    async ({ tenantId, query }) => ({
      pagination: { current_page: 1, num_pages: 1 },
      rows: await displayNames(reading, tenantId, lowerCase(query.external_ids) ?? []),
    }),
  );
}

async function displayNames(reading: Reading, tenantId: string, ids: readonly string[]): Promise<object[]> {
  const records = await reading.listById(tenantId, ids);
  const versions = await reading.getVersions(records.map((record) => record.versionId));
  return records.map((record) => {
    const version = versions.get(record.versionId);
    const task = record.isWorkflowRun ? undefined : stepOfTask(version, record.id)?.task.readableId;
    const name = task ?? version?.definition.name ?? "workflow";
    return { metadata: meta(record.id, record.createdAt), displayName: displayName(name, record.id) };
  });
}

/** Ids in one answer are without number; they are read and sent so many at a time. */
const IDS_AT_ONCE = 5_000;

async function* idsAsJson(reading: Reading, tenantId: string, filter: RunFilter): AsyncGenerator<string> {
  let separator = "[";
  let beforeId: string | undefined;
  for (;;) {
    const ids = await reading.findRuns(tenantId, { ...filter, beforeId }, IDS_AT_ONCE);
    if (ids.length > 0) yield separator + ids.map((id) => `"${id}"`).join(",");
    if (ids.length > 0) separator = ",";
    if (ids.length < IDS_AT_ONCE) break;
    beforeId = ids.at(-1);
  }
  yield separator === "[" ? "[]" : "]";
}
