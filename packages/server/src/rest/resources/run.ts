import { taskIdOf } from "@helve/core";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { AccessRules } from "../access.ts";
import type { RestDeps } from "../deps.ts";
import { operation } from "../operation.ts";
import type { DetailedRecord, EventRecord, Reading, VersionRecord } from "../reading.ts";
import { StatusSchema } from "../wire/common.ts";
import { describeRun, RunDetailsSchema, statusOfRun } from "../wire/run-details.ts";
import { stepOfTask } from "../wire/steps.ts";
import { TaskEventSchema, taskEvents } from "../wire/task-events.ts";
import { describeWait, WaitSchema } from "../wire/waits.ts";

const TAG = "Runs";
const RUN = "/api/v1/stable/workflow-runs/:run";
const LAST_TASK = 0xffff;
/** For each, those before it in its line are counted. */
const MAX_WAITS = 100;

/** One run, by its id; the id of one of its tasks means the same. */
export function runRoutes(app: FastifyInstance, { engine, reading }: RestDeps, access: AccessRules): void {
  operation(
    app,
    {
      method: "GET",
      url: RUN,
      id: "v1-workflow-run:get",
      summary: "A run with its tasks, events and graph",
      tag: TAG,
      access: access.run,
      answer: RunDetailsSchema,
    },
    async ({ resource: records }) => {
      const { events, version } = await besides(reading, records);
      return describeRun(records, events, version);
    },
  );

  operation(
    app,
    {
      method: "GET",
      url: `${RUN}/status`,
      id: "v1-workflow-run:get-status",
      summary: "The status of a run",
      tag: TAG,
      access: access.run,
      answer: StatusSchema,
    },
    ({ resource: records }) => statusOfRun(records),
  );

  operation(
    app,
    {
      method: "GET",
      url: `${RUN}/task-events`,
      id: "v1-workflow-run:task-events:list",
      summary: "The events of all tasks of a run, newest first",
      tag: TAG,
      access: access.run,
      answer: Type.Object({ pagination: Type.Object({}), rows: Type.Array(TaskEventSchema) }),
    },
    async ({ resource: records }) => {
      const { events, version } = await besides(reading, records);
      const tasks = records.filter((record) => !record.isWorkflowRun);
      return { pagination: {}, rows: taskEvents(tasks, events, version, true) };
    },
  );

  operation(
    app,
    {
      method: "GET",
      url: `${RUN}/waits`,
      id: "v1-workflow-run:waits:list",
      summary: `Why tasks of a run wait: at most ${MAX_WAITS}, those in a line first`,
      tag: TAG,
      access: access.run,
      answer: Type.Object({ rows: Type.Array(WaitSchema) }),
    },
    async ({ tenantId, resource: records }) => {
      const { versionId } = records[0] as DetailedRecord;
      const version = (await reading.getVersions([versionId])).get(versionId);
      const waiting = WAITING.flatMap((status) => records.filter((one) => !one.isWorkflowRun && one.status === status));
      const ids = waiting.slice(0, MAX_WAITS).map(({ id }) => id);
      const rows = [...(await engine.whyWaiting(tenantId, ids))]
        .filter(([, reasons]) => reasons.length > 0)
        .map(([id, reasons]) => describeWait(id, stepOfTask(version, id)?.task.readableId ?? "task", reasons));
      return { rows };
    },
  );
}

/** Where a task waits, those first that a worker could take. */
const WAITING = ["queued", "backing_off", "waiting"] as const;

/** What belongs to a run and is kept elsewhere. */
export async function besides(
  reading: Reading,
  records: readonly DetailedRecord[],
): Promise<{ events: EventRecord[]; version: VersionRecord | undefined }> {
  const { id, tenantId, versionId } = records[0] as DetailedRecord;
  const [events, versions] = await Promise.all([
    reading.listEvents(tenantId, id, taskIdOf(id, LAST_TASK)),
    reading.getVersions([versionId]),
  ]);
  return { events, version: versions.get(versionId) };
}
