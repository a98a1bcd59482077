import { timeOfId, type Uuid } from "@helve/core";
import { type TEnum, type TRecord, type TSchema, type TString, type TUnknown, Type } from "typebox";
import type { RunRecord, RunStatus } from "../reading.ts";

/** A UUID in the document. */
export const Id: TString = Type.String({ format: "uuid" });
export const Time: TString = Type.String({ format: "date-time" });
export const JsonObject: TRecord<string, TUnknown> = Type.Record(Type.String(), Type.Unknown());

/** The envelope of every resource. */
export const MetaSchema: TSchema = Type.Object({
  id: Type.String({ maxLength: 36 }),
  createdAt: Time,
  updatedAt: Time,
});

export function meta(id: Uuid, createdAt: Date, updatedAt: Date = createdAt): object {
  return { id, createdAt, updatedAt };
}

export const WIRE_STATUSES = ["QUEUED", "RUNNING", "COMPLETED", "CANCELLED", "FAILED"] as const;
export type WireStatus = (typeof WIRE_STATUSES)[number];
export const StatusSchema: TEnum<WireStatus[]> = Type.Enum<WireStatus[]>([...WIRE_STATUSES]);

const STATUS_OF: Readonly<Record<RunRecord["status"], WireStatus>> = {
  waiting: "QUEUED",
  queued: "QUEUED",
  backing_off: "QUEUED",
  assigned: "RUNNING",
  running: "RUNNING",
  succeeded: "COMPLETED",
  skipped: "COMPLETED",
  failed: "FAILED",
  cancelled: "CANCELLED",
};

export function wireStatus(status: RunRecord["status"]): WireStatus {
  return STATUS_OF[status];
}

const STATUS_MEANT: Readonly<Record<WireStatus, RunStatus>> = {
  QUEUED: "queued",
  RUNNING: "running",
  COMPLETED: "succeeded",
  FAILED: "failed",
  CANCELLED: "cancelled",
};

/** What a filter means by a status of the wire. */
export function statusMeant(status: WireStatus): RunStatus {
  return STATUS_MEANT[status];
}

/** The number beside the id that the wire wants: 36 random bits of the run and the place of the task, below 2^53. */
export function numberOf(id: Uuid): number {
  return Number.parseInt(id.slice(22, 23) + id.slice(24), 16);
}

/** What a run or a task is called: its name, and when it was made in ms. */
export function displayName(name: string, id: Uuid): string {
  return `${name}-${timeOfId(id)}`;
}

/** ms from the start to the end; undefined until both are there. */
export function durationMs(startedAt: Date | undefined, finishedAt: Date | undefined): number | undefined {
  if (!startedAt || !finishedAt) return undefined;
  return Math.max(0, finishedAt.getTime() - startedAt.getTime());
}
