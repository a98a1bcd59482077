import { runIdOf } from "@helve/core";
import { type TSchema, Type } from "typebox";
import { type RawJson, rawObject } from "../json.ts";
import type { RunRecord, VersionRecord } from "../reading.ts";
import {
  displayName,
  durationMs,
  Id,
  JsonObject,
  MetaSchema,
  meta,
  numberOf,
  StatusSchema,
  Time,
  wireStatus,
} from "./common.ts";
import { outputOf } from "./payloads.ts";
import { stepOfTask } from "./steps.ts";

/** One schema for a run in a list, a task in a list, a task in the details of a run, and a task by itself. */
export const TaskSummarySchema: TSchema = Type.Object({
  metadata: MetaSchema,
  taskExternalId: Id,
  workflowRunExternalId: Id,
  taskId: Type.Integer(),
  taskInsertedAt: Time,
  createdAt: Time,
  startedAt: Type.Optional(Time),
  finishedAt: Type.Optional(Time),
  duration: Type.Optional(Type.Integer({ description: "ms" })),
  status: StatusSchema,
  isEvicted: Type.Optional(Type.Boolean()),
  isDurable: Type.Optional(Type.Boolean()),
  type: Type.Enum(["DAG", "TASK"]),
  displayName: Type.String(),
  tenantId: Id,
  workflowId: Id,
  workflowVersionId: Type.Optional(Id),
  workflowName: Type.Optional(Type.String()),
  actionId: Type.Optional(Type.String()),
  stepId: Type.Optional(Id),
  retryCount: Type.Optional(Type.Integer()),
  attempt: Type.Optional(Type.Integer()),
  input: JsonObject,
  output: JsonObject,
  errorMessage: Type.Optional(Type.String()),
  additionalMetadata: Type.Optional(JsonObject),
  children: Type.Optional(Type.Array(JsonObject)),
  numSpawnedChildren: Type.Integer(),
  parentTaskExternalId: Type.Optional(Id),
  workflowConfig: Type.Optional(JsonObject),
});

export interface TaskSummary {
  taskExternalId: string;
  [field: string]: unknown;
}

const NIL_ID = "00000000-0000-0000-0000-000000000000";

/**
 * The attempt that a task is in, from 1: a task in line is in the one that is to come. The wire's retry count is one less.
 */
export function attemptOf({ status, attempt }: Pick<RunRecord, "status" | "attempt">): number {
  const waits = status === "waiting" || status === "queued" || status === "backing_off";
  return waits ? attempt + 1 : Math.max(attempt, 1);
}

/**
 * When a task's code began. One that ended within moments was never written down as started: it began when it was handed
 * out. A start is measured by a replica and the other times by the database, so it is kept between its neighbours.
 */
export function startOf({ status, startedAt, assignedAt, finishedAt }: RunRecord): Date | undefined {
  if (!startedAt) return status === "succeeded" ? (assignedAt ?? undefined) : undefined;
  return between(startedAt, assignedAt, finishedAt);
}

/** A time, moved to the nearer border if it lies outside. */
export function between(time: Date, from: Date | null | undefined, to: Date | null | undefined): Date {
  if (from && time < from) return from;
  return to && time > to ? to : time;
}

/** A task, standalone or of a DAG. One literal for each shape: rows are made by the hundred, and spreading costs. */
export function summariseTask(
  record: RunRecord,
  version: VersionRecord | undefined,
  shown: { input: RawJson; metadata?: string | null; spawnedChildren?: number },
): TaskSummary {
  const step = stepOfTask(version, record.id);
  const attempt = attemptOf(record);
  const startedAt = startOf(record);
  const finishedAt = record.finishedAt ?? undefined;
  return {
    metadata: metaOf(record),
    taskExternalId: record.id,
    workflowRunExternalId: runIdOf(record.id),
    taskId: numberOf(record.id),
    taskInsertedAt: record.createdAt,
    createdAt: record.createdAt,
    startedAt,
    finishedAt,
    duration: durationMs(startedAt, finishedAt),
    status: wireStatus(record.status),
    isEvicted: false,
    isDurable: step?.task.isDurable ?? false,
    type: "TASK",
    displayName: displayName(step?.task.readableId ?? version?.definition.name ?? "task", record.id),
    tenantId: record.tenantId,
    workflowId: version?.workflowId ?? NIL_ID,
    workflowVersionId: record.versionId,
    workflowName: version?.definition.name,
    actionId: step?.task.action,
    stepId: step?.id ?? NIL_ID,
    retryCount: attempt - 1,
    attempt,
    input: shown.input,
    output: outputOf(record),
    errorMessage: record.error ?? "",
    additionalMetadata: rawObject(shown.metadata ?? record.metadata),
    numSpawnedChildren: shown.spawnedChildren ?? 0,
    parentTaskExternalId: record.parentTaskId ?? undefined,
  };
}

/** A run of several tasks as a row of a list. */
export function summariseRun(
  record: RunRecord,
  version: VersionRecord | undefined,
  shown: { tasks: readonly RunRecord[]; input: RawJson; children: readonly TaskSummary[] },
): TaskSummary {
  const { startedAt, output, error } = rollUp(record, shown.tasks, version);
  const finishedAt = record.finishedAt ?? undefined;
  return {
    metadata: metaOf(record),
    taskExternalId: record.id,
    workflowRunExternalId: record.id,
    taskId: 0,
    taskInsertedAt: record.createdAt,
    createdAt: record.createdAt,
    startedAt,
    finishedAt,
    duration: durationMs(startedAt, finishedAt),
    status: wireStatus(record.status),
    type: "DAG",
    displayName: displayName(version?.definition.name ?? "workflow", record.id),
    tenantId: record.tenantId,
    workflowId: version?.workflowId ?? NIL_ID,
    workflowVersionId: record.versionId,
    workflowName: version?.definition.name,
    actionId: "",
    stepId: NIL_ID,
    retryCount: 0,
    attempt: 1,
    input: shown.input,
    output,
    errorMessage: error,
    additionalMetadata: rawObject(record.metadata),
    children: shown.children.length > 0 ? shown.children : undefined,
    numSpawnedChildren: 0,
    parentTaskExternalId: record.parentTaskId ?? undefined,
  };
}

/** Last changed by what happened last. */
function metaOf({ id, createdAt, queuedAt, assignedAt, startedAt, finishedAt }: RunRecord): object {
  return meta(id, createdAt, finishedAt ?? startedAt ?? assignedAt ?? queuedAt ?? createdAt);
}

/**
 * What a run of several tasks shows of them: it began with the first, its error is the first one, and once it has ended its
 * output is that of the task that succeeded last.
 */
export function rollUp(
  run: RunRecord,
  tasks: readonly RunRecord[],
  version: VersionRecord | undefined,
): { startedAt: Date | undefined; output: RawJson; error: string } {
  const ended = tasks
    .filter((task) => task.finishedAt !== null)
    .sort((a, b) => Number(a.finishedAt) - Number(b.finishedAt) || (a.id < b.id ? -1 : 1));
  const starts = tasks.flatMap((task) => startOf(task)?.getTime() ?? []);
  const last = run.finishedAt ? ended.findLast((task) => task.status === "succeeded") : undefined;
  const hook = version?.definition.onFailure;
  const isHook = (task: RunRecord) => hook !== undefined && stepOfTask(version, task.id)?.task === hook;
  const first =
    ended.find((task) => task.status === "failed" && !isHook(task)) ??
    (run.status === "cancelled" ? ended.find((task) => task.status === "cancelled") : undefined);
  return {
    startedAt: starts.length > 0 ? new Date(Math.min(...starts)) : undefined,
    output: last ? outputOf(last) : rawObject(null),
    error: first?.error ?? "",
  };
}
