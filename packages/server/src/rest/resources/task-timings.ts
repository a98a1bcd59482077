import { runIdOf, type TenantId } from "@helve/core";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { AccessRules } from "../access.ts";
import type { RestDeps } from "../deps.ts";
import { operation } from "../operation.ts";
import type { DetailedRecord, Reading } from "../reading.ts";
import { displayName, Id, MetaSchema, meta, numberOf, StatusSchema, Time, wireStatus } from "../wire/common.ts";
import { stepOfTask } from "../wire/steps.ts";
import { attemptOf, startOf } from "../wire/task-summary.ts";

/** A run may have thousands of children: the rest of them is left out. */
const MAX_TASKS = 1000;

const TimingSchema = Type.Object({
  metadata: MetaSchema,
  depth: Type.Integer({ description: "0 for tasks of the run, 1 for those of runs that they have started, and so on" }),
  status: StatusSchema,
  isEvicted: Type.Boolean(),
  taskDisplayName: Type.String(),
  taskExternalId: Id,
  taskId: Type.Integer(),
  taskInsertedAt: Time,
  tenantId: Id,
  parentTaskExternalId: Type.Optional(Id),
  queuedAt: Type.Optional(Time),
  startedAt: Type.Optional(Time),
  finishedAt: Type.Optional(Time),
  workflowRunId: Id,
  retryCount: Type.Integer(),
  attempt: Type.Integer(),
});

/** When the tasks of a run, and of the runs that they have started, waited and ran. */
export function taskTimingRoutes(app: FastifyInstance, { reading }: RestDeps, access: AccessRules): void {
  operation(
    app,
    {
      method: "GET",
      url: "/api/v1/stable/workflow-runs/:run/task-timings",
      id: "v1-workflow-run:get:timings",
      summary: `When tasks waited and ran, each before those it has started: at most ${MAX_TASKS}`,
      tag: "Runs",
      access: access.run,
      query: Type.Object({ depth: Type.Optional(Type.Integer({ minimum: 0, maximum: 10, default: 0 })) }),
      answer: Type.Object({ pagination: Type.Object({}), rows: Type.Array(TimingSchema) }),
    },
    async ({ tenantId, resource: records, query: { depth = 0 } }) => {
      const rows: object[] = [];
      await add(rows, { reading, tenantId, records, level: 0, depth, parentTaskExternalId: undefined });
      return { pagination: {}, rows };
    },
  );
}

interface Level {
  reading: Reading;
  tenantId: TenantId;
  records: readonly DetailedRecord[];
  level: number;
  depth: number;
  /** The task that started the run. */
  parentTaskExternalId: string | undefined;
}

async function add(rows: object[], { records, ...level }: Level): Promise<void> {
  const { reading, tenantId } = level;
  const versions = await reading.getVersions(records.map(({ versionId }) => versionId));
  const since = (task: DetailedRecord) => (task.queuedAt ?? task.createdAt).getTime();
  const tasks = records.filter(({ isWorkflowRun }) => !isWorkflowRun).sort((a, b) => since(a) - since(b));
  for (const task of tasks) {
    if (rows.length >= MAX_TASKS) return;
    const version = versions.get(task.versionId);
    const attempt = attemptOf(task);
    rows.push({
      metadata: meta(task.id, task.createdAt),
      depth: level.level,
      status: wireStatus(task.status),
      isEvicted: false,
      taskDisplayName: displayName(stepOfTask(version, task.id)?.task.readableId ?? "task", task.id),
      taskExternalId: task.id,
      taskId: numberOf(task.id),
      taskInsertedAt: task.createdAt,
      tenantId,
      parentTaskExternalId: level.parentTaskExternalId,
      queuedAt: task.queuedAt ?? undefined,
      startedAt: startOf(task),
      finishedAt: task.finishedAt ?? undefined,
      workflowRunId: runIdOf(task.id),
      retryCount: attempt - 1,
      attempt,
    });
    if (level.level === level.depth || task.spawnedChildren === 0) continue;
    const wanted = { parentTaskId: task.id, sinceMs: task.createdAt.getTime() };
    const children = await reading.listRuns(tenantId, wanted, { limit: MAX_TASKS, offset: 0, withPayloads: false });
    for (const child of children.reverse()) {
      if (rows.length >= MAX_TASKS) return;
      const run = await reading.getRun(tenantId, child.id);
      await add(rows, { ...level, records: run, level: level.level + 1, parentTaskExternalId: task.id });
    }
  }
}
