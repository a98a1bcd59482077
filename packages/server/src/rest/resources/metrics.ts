import { invalidArgument } from "@helve/core";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { AccessRules } from "../access.ts";
import type { RestDeps } from "../deps.ts";
import { taskNamesByAction } from "../newest-tasks.ts";
import { operation } from "../operation.ts";
import type { TaskLoad } from "../reading.ts";
import { Id, StatusSchema, Time } from "../wire/common.ts";
import { commonFilter } from "./queries.ts";

const TAG = "Metrics";

const CountsQuery = Type.Object({
  since: Time,
  until: Type.Optional(Time),
  workflow_ids: Type.Optional(Type.Array(Id)),
  parent_task_external_id: Type.Optional(Id),
  triggering_event_external_id: Type.Optional(Id),
  additional_metadata: Type.Optional(Type.Array(Type.String())),
});

const StatSchema = Type.Object({
  total: Type.Integer(),
  queues: Type.Optional(Type.Record(Type.String(), Type.Integer())),
  oldest: Type.Optional(Time),
  oldestExcludingRetries: Type.Optional(Time),
});

/** Figures of a tenant. */
export function metricRoutes(app: FastifyInstance, { engine, reading }: RestDeps, access: AccessRules): void {
  operation(
    app,
    {
      method: "GET",
      url: "/api/v1/stable/tenants/:tenant/task-metrics",
      id: "v1-task:list:status-metrics",
      summary: "How many runs are in each status",
      tag: TAG,
      access: access.tenant,
      query: CountsQuery,
      answer: Type.Array(
        Type.Object({
          status: StatusSchema,
          count: Type.Integer(),
          runningDetailCount: Type.Optional(Type.Object({ evicted: Type.Integer(), onWorker: Type.Integer() })),
        }),
      ),
    },
    async ({ tenantId, query }) => {
      const counts = await reading.countByStatus(tenantId, {
        ...commonFilter(query),
        parentTaskId: query.parent_task_external_id,
        eventId: query.triggering_event_external_id?.toLowerCase(),
      });
      return [
        { status: "CANCELLED", count: counts.cancelled },
        { status: "COMPLETED", count: counts.succeeded },
        { status: "FAILED", count: counts.failed },
        { status: "QUEUED", count: counts.queued },
        { status: "RUNNING", count: counts.running, runningDetailCount: { evicted: 0, onWorker: counts.running } },
      ];
    },
  );

  operation(
    app,
    {
      method: "GET",
      url: "/api/v1/tenants/:tenant/step-run-queue-metrics",
      id: "tenant:get:step-run-queue-metrics",
      summary: "How many tasks stand in line, by action",
      tag: TAG,
      access: access.tenant,
      answer: Type.Object({ queues: Type.Record(Type.String(), Type.Integer()) }),
    },
    async ({ tenantId }) => ({ queues: Object.fromEntries(await reading.queueLengths(tenantId)) }),
  );

  operation(
    app,
    {
      method: "GET",
      url: "/api/v1/tenants/:tenant/task-stats",
      id: "tenant:get:task-stats",
      summary: "What waits and what runs, by task name: for autoscalers",
      tag: TAG,
      access: access.tenant,
      query: Type.Object({
        taskNames: Type.Optional(Type.Array(Type.String({ description: "shown also when nothing is there" }))),
      }),
      answer: Type.Record(
        Type.String(),
        Type.Object({ queued: Type.Optional(StatSchema), running: Type.Optional(StatSchema) }),
      ),
    },
    async ({ tenantId, query: { taskNames = [] } }) => {
      const [names, queued, running] = await Promise.all([
        taskNamesByAction(reading, tenantId),
        reading.listQueueLoads(tenantId),
        engine.running(tenantId) ?? reading.listRunningLoads(tenantId),
      ]);
      const asked = taskNames.flatMap((list) => list.split(",")).filter((name) => name !== "");
      return Object.fromEntries(taskStats({ queued, running }, names, asked));
    },
  );

  operation(
    app,
    {
      method: "GET",
      url: "/api/v1/tenants/:tenant/prometheus-metrics",
      id: "tenant:get:prometheus-metrics",
      summary: "Refused: no Prometheus server is connected",
      tag: TAG,
      access: access.tenant,
      answer: Type.String(),
    },
    () => {
      throw invalidArgument("Prometheus metrics are not enabled for this tenant.");
    },
  );
}

interface Stat {
  total: number;
  queues?: Record<string, number>;
  oldest?: Date;
  oldestExcludingRetries?: Date;
}
type TaskStat = { queued?: Stat; running?: Stat };

function taskStats(
  loads: Readonly<Record<keyof TaskStat, readonly TaskLoad[]>>,
  names: ReadonlyMap<string, string>,
  asked: readonly string[],
): Map<string, TaskStat> {
  const stats = new Map<string, TaskStat>();
  for (const name of asked) stats.set(name, { queued: { total: 0 }, running: { total: 0 } });
  for (const state of ["queued", "running"] as const) {
    for (const load of loads[state]) {
      // A workflow that has another shape by now had the action: clients name it by workflow and task.
      const name = names.get(load.action) ?? load.action.slice(load.action.lastIndexOf(":") + 1);
      const stat = stats.get(name) ?? {};
      stats.set(name, stat);
      stat[state] = added(stat[state] ?? { total: 0 }, load, state);
    }
  }
  return stats;
}

function added(stat: Stat, { total, action, oldest, oldestFirstTry }: TaskLoad, state: keyof TaskStat): Stat {
  const firstTry = earlier(stat.oldestExcludingRetries, oldestFirstTry ?? undefined);
  const queues = { ...stat.queues, [action]: (stat.queues?.[action] ?? 0) + total };
  return {
    total: stat.total + total,
    ...(state === "queued" && { queues }),
    oldest: earlier(stat.oldest, oldest) as Date,
    ...(firstTry && { oldestExcludingRetries: firstTry }),
  };
}

function earlier(a: Date | undefined, b: Date | undefined): Date | undefined {
  return a && b ? (a < b ? a : b) : (a ?? b);
}
