import { formatDuration, HelveError, invalidArgument } from "@helve/core";
import type { Pause } from "@helve/engine";
import type { FastifyInstance } from "fastify";
import { type Static, Type } from "typebox";
import type { AccessRules } from "../access.ts";
import type { RestDeps } from "../deps.ts";
import { rawObject } from "../json.ts";
import { operation } from "../operation.ts";
import { olderPagination, PaginationSchema } from "../pagination.ts";
import type { VersionRecord, WorkflowRecord } from "../reading.ts";
import { Id, JsonObject, MetaSchema, meta } from "../wire/common.ts";
import { workflowConfig } from "../wire/run-details.ts";
import { readTimeSpan } from "../wire/time-span.ts";
import { limitSchema, OFFSET } from "./queries.ts";

const TAG = "Workflows";
const WORKFLOW = "/api/v1/workflows/:workflow";

const Behavior = Type.Enum(["QUEUE", "DROP"]);

const VersionMetaSchema = Type.Object({
  metadata: MetaSchema,
  version: Type.String(),
  order: Type.Integer(),
  workflowId: Id,
});

const WorkflowSchema = Type.Object({
  metadata: MetaSchema,
  name: Type.String(),
  description: Type.Optional(Type.String()),
  isPaused: Type.Optional(Type.Boolean()),
  pausedWorkflowCronRunQueueBehavior: Type.Optional(Behavior),
  pausedWorkflowScheduledRunQueueBehavior: Type.Optional(Behavior),
  versions: Type.Optional(Type.Array(VersionMetaSchema)),
  tenantId: Id,
});

const VersionSchema = Type.Object({
  metadata: MetaSchema,
  version: Type.String(),
  order: Type.Integer(),
  workflowId: Id,
  workflow: WorkflowSchema,
  sticky: Type.Optional(Type.String()),
  defaultPriority: Type.Integer(),
  scheduleTimeout: Type.String(),
  triggers: JsonObject,
  v1Concurrency: Type.Array(JsonObject),
  workflowConfig: JsonObject,
  inputJsonSchema: Type.Optional(JsonObject),
});

const UpdateBody = Type.Object({
  pause: Type.Optional(
    Type.Object({
      action: Type.Enum(["pause", "unpause"]),
      pausedWorkflowCronRunQueueBehavior: Type.Optional(Behavior),
      pausedWorkflowScheduledRunQueueBehavior: Type.Optional(Behavior),
      pausedWorkflowQueueTTL: Type.Optional(
        Type.String({ description: "how long a task waits before it is cancelled, such as 24h; absent: it waits on" }),
      ),
    }),
  ),
  isPaused: Type.Optional(Type.Boolean({ description: "the same as older clients say it" })),
});

/** Registered workflows and their versions. */
export function workflowRoutes(app: FastifyInstance, { engine, reading }: RestDeps, access: AccessRules): void {
  operation(
    app,
    {
      method: "GET",
      url: "/api/v1/tenants/:tenant/workflows",
      id: "workflow:list",
      summary: "Workflows, newest first; the one that is called exactly so before all others",
      tag: TAG,
      access: access.tenant,
      query: Type.Object({ limit: limitSchema(50, 10_000), offset: OFFSET, name: Type.Optional(Type.String()) }),
      answer: Type.Object({ pagination: PaginationSchema, rows: Type.Array(WorkflowSchema) }),
    },
    async ({ tenantId, query: { limit = 50, offset = 0, name } }) => {
      const { workflows, total } = await reading.listWorkflows(tenantId, { name: name || undefined, limit, offset });
      const versions = await reading.getVersions(workflows.map((workflow) => workflow.versionId));
      return {
        pagination: olderPagination(total, limit, offset),
        rows: workflows.map((workflow) => describe(workflow, versions.get(workflow.versionId))),
      };
    },
  );

  operation(
    app,
    {
      method: "GET",
      url: WORKFLOW,
      id: "workflow:get",
      summary: "A workflow",
      tag: TAG,
      access: access.workflow,
      answer: WorkflowSchema,
    },
    async ({ resource: workflow }) => {
      const version = (await reading.getVersions([workflow.versionId])).get(workflow.versionId);
      return { ...describe(workflow, version), versions: version ? [describeVersion(version)] : [] };
    },
  );

  operation(
    app,
    {
      method: "PATCH",
      url: WORKFLOW,
      id: "workflow:update",
      summary: "Pause a workflow: its tasks wait until it is resumed; or resume it",
      tag: TAG,
      access: access.workflow,
      body: UpdateBody,
      answer: WorkflowSchema,
    },
    async ({ tenantId, resource: { id, versionId }, body }) => {
      const pause = readPause(body);
      if (pause) await engine.pauseWorkflow(tenantId, id, pause);
      else await engine.resumeWorkflow(tenantId, id);
      const after = await reading.getWorkflow(tenantId, id);
      if (!after) throw new HelveError("not_found", "not found");
      return describe(after, (await reading.getVersions([versionId])).get(versionId));
    },
  );

  operation(
    app,
    {
      method: "DELETE",
      url: WORKFLOW,
      id: "workflow:delete",
      summary: "Hide a workflow and free its name; its runs stay, and those that have not ended go on",
      tag: TAG,
      access: access.workflow,
      answer: undefined,
    },
    ({ tenantId, resource }) => engine.deleteWorkflow(tenantId, resource.id),
  );

  operation(
    app,
    {
      method: "GET",
      url: `${WORKFLOW}/versions`,
      id: "workflow-version:get",
      summary: "One version of a workflow, the newest unless another is named",
      tag: TAG,
      access: access.workflow,
      query: Type.Object({ version: Type.Optional(Id) }),
      answer: VersionSchema,
    },
    async ({ resource: workflow, query }) => {
      const id = query.version?.toLowerCase() ?? workflow.versionId;
      const version = (await reading.getVersions([id])).get(id);
      if (version?.workflowId !== workflow.id) throw new HelveError("not_found", "version not found");
      return describeWholeVersion(workflow, version);
    },
  );
}

/** @returns undefined: it is to be resumed @throws HelveError */
function readPause({ pause, isPaused }: Static<typeof UpdateBody>): Pause | undefined {
  if (pause === undefined && isPaused === undefined) throw invalidArgument("pause is required");
  if (pause === undefined) return isPaused ? { ttlMs: null, cronRuns: "queue", scheduledRuns: "queue" } : undefined;
  if (pause.action === "unpause") return undefined;
  const behavior = (word = "QUEUE") => word.toLowerCase() as Pause["cronRuns"];
  return {
    ttlMs:
      pause.pausedWorkflowQueueTTL === undefined
        ? null
        : readTimeSpan(pause.pausedWorkflowQueueTTL, "pausedWorkflowQueueTTL"),
    cronRuns: behavior(pause.pausedWorkflowCronRunQueueBehavior),
    scheduledRuns: behavior(pause.pausedWorkflowScheduledRunQueueBehavior),
  };
}

function describe(workflow: WorkflowRecord, version: VersionRecord | undefined): object {
  const { pausedCronRuns, pausedScheduledRuns } = workflow;
  return {
    metadata: meta(workflow.id, workflow.createdAt, version?.createdAt),
    name: workflow.name,
    description: version?.definition.description ?? "",
    isPaused: pausedCronRuns !== null,
    pausedWorkflowCronRunQueueBehavior: pausedCronRuns?.toUpperCase(),
    pausedWorkflowScheduledRunQueueBehavior: pausedScheduledRuns?.toUpperCase(),
    tenantId: workflow.tenantId,
  };
}

function describeVersion({ id, createdAt, ordinal, workflowId }: VersionRecord): object {
  return { metadata: meta(id, createdAt), version: "", order: ordinal, workflowId };
}

function describeWholeVersion(workflow: WorkflowRecord, version: VersionRecord): object {
  const { definition } = version;
  return {
    ...describeVersion(version),
    workflow: describe(workflow, version),
    sticky: definition.sticky,
    defaultPriority: definition.defaultPriority ?? 0,
    scheduleTimeout: shortDuration(definition.tasks[0]?.scheduleTimeoutMs ?? DEFAULT_SCHEDULE_TIMEOUT_MS),
    triggers: triggersOf(version, workflow.tenantId),
    v1Concurrency: concurrencyOf(version),
    workflowConfig: workflowConfig(version),
    inputJsonSchema: definition.inputJsonSchema === undefined ? undefined : rawObject(definition.inputJsonSchema),
  };
}

const DEFAULT_SCHEDULE_TIMEOUT_MS = 300_000;

/** Without the parts that are zero: `5m` and not `5m0s`. */
function shortDuration(ms: number): string {
  return formatDuration(ms)
    .replace(/(?<=[hm])0s$/, "")
    .replace(/(?<=h)0m$/, "");
}

function triggersOf({ id, definition }: VersionRecord, tenantId: string): object {
  const { eventTriggers, cronTriggers } = definition;
  return {
    workflow_version_id: id,
    tenant_id: tenantId,
    ...(eventTriggers.length > 0 && { events: eventTriggers.map((key) => ({ parent_id: id, event_key: key })) }),
    ...(cronTriggers.length > 0 && { crons: cronTriggers.map((cron) => ({ parent_id: id, cron })) }),
  };
}

/** Clients know these words only; "cancel newest" is the fourth under another name. */
const STRATEGIES = {
  cancel_in_progress: "CANCEL_IN_PROGRESS",
  group_round_robin: "GROUP_ROUND_ROBIN",
  cancel_newest: "DROP_NEWEST",
} as const;

function concurrencyOf({ definition }: VersionRecord): object[] {
  const rules = [
    ...definition.concurrency.map((rule) => ({ rule, scope: "WORKFLOW", stepReadableId: undefined })),
    ...definition.tasks.flatMap(({ concurrency, readableId }) =>
      concurrency.map((rule) => ({ rule, scope: "TASK", stepReadableId: readableId })),
    ),
  ];
  return rules.map(({ rule: { maxRuns, strategy, expression }, scope, stepReadableId }) => ({
    maxRuns,
    limitStrategy: STRATEGIES[strategy],
    expression,
    stepReadableId,
    scope,
  }));
}
