import { taskIdOf } from "@helve/core";
import { type TSchema, Type } from "typebox";
import { RawJson, rawObject } from "../json.ts";
import type { DetailedRecord, EventRecord, RunRecord, VersionRecord } from "../reading.ts";
import { displayName, durationMs, Id, JsonObject, MetaSchema, meta, StatusSchema, Time, wireStatus } from "./common.ts";
import { inputEnvelope, outputOf } from "./payloads.ts";
import { stepOfTask, stepsOf } from "./steps.ts";
import { TaskEventSchema, taskEvents } from "./task-events.ts";
import { rollUp, startOf, summariseTask, TaskSummarySchema } from "./task-summary.ts";

export const RunDetailsSchema: TSchema = Type.Object({
  run: Type.Object({
    metadata: MetaSchema,
    status: StatusSchema,
    startedAt: Type.Optional(Time),
    finishedAt: Type.Optional(Time),
    duration: Type.Optional(Type.Integer({ description: "ms" })),
    createdAt: Time,
    tenantId: Id,
    workflowId: Id,
    workflowVersionId: Type.Optional(Id),
    displayName: Type.String(),
    input: JsonObject,
    output: JsonObject,
    errorMessage: Type.Optional(Type.String()),
    additionalMetadata: Type.Optional(JsonObject),
    parentTaskExternalId: Type.Optional(Id),
  }),
  taskEvents: Type.Array(TaskEventSchema),
  shape: Type.Array(
    Type.Object({ taskExternalId: Id, stepId: Id, childrenStepIds: Type.Array(Id), taskName: Type.String() }),
  ),
  tasks: Type.Array(TaskSummarySchema),
  workflowConfig: Type.Optional(JsonObject),
});

const NIL_ID = "00000000-0000-0000-0000-000000000000";

/**
 * A run with its tasks, their events and the shape of its graph.
 *
 * @param records of Reading.getRun, not empty
 * @param stored  events of its tasks
 */
export function describeRun(
  records: readonly DetailedRecord[],
  stored: readonly EventRecord[],
  version: VersionRecord | undefined,
): object {
  const run = records[0] as DetailedRecord;
  const tasks = run.isWorkflowRun ? records.slice(1) : records;
  return {
    run: describeItself(run, tasks, version),
    taskEvents: taskEvents(tasks, stored, version, true),
    shape: version ? shapeOf(run, version) : [],
    tasks: tasks
      .map((task) =>
        summariseTask(task, version, {
          input: inputEnvelope(run.input, tasks, version, stepOfTask(version, task.id)),
          metadata: run.metadata,
          spawnedChildren: task.spawnedChildren,
        }),
      )
      .reverse(),
    workflowConfig: workflowConfig(version),
  };
}

/** The definition as it was registered, in the engine's own form. */
export function workflowConfig(version: VersionRecord | undefined): RawJson {
  return version ? new RawJson(JSON.stringify(version.definition)) : rawObject(null);
}

/** The status of a run from its records. */
export function statusOfRun(records: readonly RunRecord[]): string {
  return wireStatus((records[0] as RunRecord).status);
}

function describeItself(
  run: RunRecord,
  tasks: readonly RunRecord[],
  version: VersionRecord | undefined,
): Record<string, unknown> {
  const step = stepOfTask(version, run.id);
  const rolledUp = run.isWorkflowRun
    ? rollUp(run, tasks, version)
    : { startedAt: startOf(run), output: outputOf(run), error: run.error ?? "" };
  const finishedAt = run.finishedAt ?? undefined;
  return {
    metadata: meta(run.id, run.createdAt, finishedAt ?? run.createdAt),
    status: wireStatus(run.status),
    startedAt: rolledUp.startedAt,
    finishedAt,
    duration: durationMs(rolledUp.startedAt, finishedAt),
    createdAt: run.createdAt,
    tenantId: run.tenantId,
    workflowId: version?.workflowId ?? NIL_ID,
    workflowVersionId: run.versionId,
    displayName: displayName((run.isWorkflowRun ? undefined : step?.task.readableId) ?? nameOf(version), run.id),
    input: run.isWorkflowRun ? rawObject(run.input) : inputEnvelope(run.input, [], version, step),
    output: rolledUp.output,
    errorMessage: rolledUp.error,
    additionalMetadata: rawObject(run.metadata),
    parentTaskExternalId: run.parentTaskId ?? undefined,
  };
}

function nameOf(version: VersionRecord | undefined): string {
  return version?.definition.name ?? "workflow";
}

/** The graph of the version: every task with those that follow it. */
function shapeOf(run: RunRecord, version: VersionRecord): object[] {
  const steps = stepsOf(version);
  return steps.map(({ id, task, number }) => ({
    taskExternalId: taskIdOf(run.id, number),
    stepId: id,
    childrenStepIds: steps.filter((other) => other.task.parents.includes(task.readableId)).map((other) => other.id),
    taskName: task.readableId,
  }));
}
