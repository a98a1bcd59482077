import { HelveError } from "@helve/core";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { AccessRules } from "../access.ts";
import type { RestDeps } from "../deps.ts";
import { NOT_FOUND_TEXT, Refusal } from "../errors.ts";
import { rawObject } from "../json.ts";
import { operation } from "../operation.ts";
import { PaginationSchema } from "../pagination.ts";
import { taskInAttempt } from "../wire/attempts.ts";
import { displayName, Id, JsonObject, Time } from "../wire/common.ts";
import { workflowConfig } from "../wire/run-details.ts";
import { stepOfTask } from "../wire/steps.ts";
import { TaskEventSchema, taskEvents } from "../wire/task-events.ts";
import { attemptOf, summariseTask, TaskSummarySchema } from "../wire/task-summary.ts";
import { limitSchema, OFFSET } from "./queries.ts";

const TAG = "Tasks";
const TASK = "/api/v1/stable/tasks/:task";

const LEVELS = Type.Enum(["DEBUG", "INFO", "WARN", "ERROR"]);

const LogQuery = Type.Object({
  limit: limitSchema(50, 10_000),
  since: Type.Optional(Time),
  until: Type.Optional(Time),
  search: Type.Optional(Type.String()),
  levels: Type.Optional(Type.Array(LEVELS)),
  order_by_direction: Type.Optional(Type.Enum(["ASC", "DESC"])),
  attempt: Type.Optional(Type.Integer()),
});

const LogLineSchema = Type.Object({
  createdAt: Time,
  message: Type.String(),
  metadata: JsonObject,
  taskExternalId: Id,
  taskDisplayName: Type.String(),
  retryCount: Type.Integer(),
  attempt: Type.Integer(),
  level: LEVELS,
});

/** One task: a standalone one, or one of a DAG. */
export function taskRoutes(app: FastifyInstance, { reading }: RestDeps, access: AccessRules): void {
  operation(
    app,
    {
      method: "GET",
      url: TASK,
      id: "v1-task:get",
      summary: "A task, as it is now or as it was in an attempt",
      tag: TAG,
      access: access.task,
      query: Type.Object({ attempt: Type.Optional(Type.Integer()) }),
      answer: TaskSummarySchema,
    },
    async ({ tenantId, resource: task, query: { attempt } }) => {
      if (attempt !== undefined && attempt < 1) throw new Refusal(400, "Attempt must be greater than 0");
      const version = (await reading.getVersions([task.versionId])).get(task.versionId);
      const isLatest = attempt === undefined || attempt === attemptOf(task);
      const shown = isLatest
        ? task
        : taskInAttempt(task, await reading.listEvents(tenantId, task.id, task.id), attempt);
      if (!shown) throw new Refusal(404, NOT_FOUND_TEXT);
      const { input, metadata, spawnedChildren } = task;
      return {
        ...summariseTask(shown, version, { input: rawObject(input), metadata, spawnedChildren }),
        ...(!isLatest && { attempt, retryCount: attempt - 1 }),
        workflowConfig: workflowConfig(version),
      };
    },
  );

  operation(
    app,
    {
      method: "GET",
      url: `${TASK}/task-events`,
      id: "v1-task-event:list",
      summary: "The events of a task, newest first",
      tag: TAG,
      access: access.task,
      query: Type.Object({ limit: limitSchema(1_000, 10_000), offset: OFFSET }),
      answer: Type.Object({ pagination: PaginationSchema, rows: Type.Array(TaskEventSchema) }),
    },
    async ({ tenantId, resource: task, query: { limit = 1_000, offset = 0 } }) => {
      const [stored, versions] = await Promise.all([
        reading.listEvents(tenantId, task.id, task.id),
        reading.getVersions([task.versionId]),
      ]);
      const events = taskEvents([task], stored, versions.get(task.versionId), false);
      return { pagination: {}, rows: events.slice(offset, offset + limit) };
    },
  );

  operation(
    app,
    {
      method: "GET",
      url: `${TASK}/logs`,
      id: "v1-log-line:list",
      summary: "What a task logged",
      tag: TAG,
      access: access.task,
      query: LogQuery,
      answer: Type.Object({ pagination: PaginationSchema, rows: Type.Array(LogLineSchema) }),
    },
    async ({ tenantId, resource: task, query }) => {
      const [lines, versions] = await Promise.all([
        reading.listLogLines(tenantId, task.id, {
          since: query.since,
          until: query.until,
          search: query.search,
          levels: query.levels,
          attempt: query.attempt,
          order: query.order_by_direction === "DESC" ? "desc" : "asc",
          limit: query.limit ?? 50,
        }),
        reading.getVersions([task.versionId]),
      ]);
      const name = stepOfTask(versions.get(task.versionId), task.id)?.task.readableId ?? "task";
      const rows = lines.map(({ at, message, metadata, level, attempt }) => ({
        createdAt: at,
        message,
        metadata: rawObject(metadata),
        taskExternalId: task.id,
        taskDisplayName: displayName(name, task.id),
        retryCount: Math.max(attempt, 1) - 1,
        attempt: Math.max(attempt, 1),
        level: wireLevel(level),
      }));
      return { pagination: { current_page: 0, next_page: 0, num_pages: 0 }, rows };
    },
  );

  operation(
    app,
    {
      method: "POST",
      url: `${TASK}/restore`,
      id: "v1-task:restore",
      summary: "Not served yet: no task is ever evicted",
      tag: TAG,
      access: access.task,
      answer: Type.Object({ requeued: Type.Boolean() }),
    },
    () => {
      throw new HelveError("unimplemented", "durable tasks are not served yet, so there is none to restore");
    },
  );
}

/** Whatever a program called its level, the wire knows four. */
function wireLevel(level: string): string {
  const text = level.toUpperCase();
  if (text === "WARNING") return "WARN";
  return ["DEBUG", "INFO", "WARN", "ERROR"].includes(text) ? text : "INFO";
}
