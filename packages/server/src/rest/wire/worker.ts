import { sdkProblem } from "@helve/core";
import { type TEnum, type TSchema, Type } from "typebox";
import type { WorkerRecord } from "../reading.ts";
import { Id, MetaSchema, meta, Time } from "./common.ts";

const STATUSES = ["ACTIVE", "INACTIVE", "PAUSED"] as const;
type WorkerStatus = (typeof STATUSES)[number];
export const WorkerStatusSchema: TEnum<WorkerStatus[]> = Type.Enum<WorkerStatus[]>([...STATUSES]);

export const WorkerSchema: TSchema = Type.Object({
  metadata: MetaSchema,
  name: Type.String(),
  type: Type.Enum(["SELFHOSTED", "MANAGED", "WEBHOOK"]),
  status: WorkerStatusSchema,
  quarantineReason: Type.Optional(Type.String({ description: "why a connected worker is given nothing" })),
  liveness: Type.Enum(["fresh", "late", "lost"], {
    description: "late: connected, and silent for so long that it is given nothing new; lost: not connected",
  }),
  lastHeartbeatAt: Type.Optional(Time),
  lastListenerEstablished: Type.Optional(Time),
  actions: Type.Array(Type.String()),
  slotConfig: Type.Record(
    Type.String(),
    Type.Object({ limit: Type.Integer(), available: Type.Optional(Type.Integer()) }),
  ),
  labels: Type.Array(Type.Object({ metadata: MetaSchema, key: Type.String(), value: Type.String() })),
  versionProblem: Type.Optional(Type.String({ description: "its SDK is older or newer than this engine is made for" })),
  runtimeInfo: Type.Optional(Type.Record(Type.String(), Type.String())),
  registeredWorkflows: Type.Optional(Type.Array(Type.Object({ id: Id, name: Type.String() }))),
  recentStepRuns: Type.Optional(Type.Array(Type.Unknown())),
});

/** One that is connected and gets nothing, as it confirms nothing, is not active. */
export function workerStatus({ isConnected, isPaused, quarantineReason }: WorkerRecord): WorkerStatus {
  if (!isConnected || quarantineReason !== null) return "INACTIVE";
  return isPaused ? "PAUSED" : "ACTIVE";
}

/** A worker as every answer has it. @param used slots by kind; undefined where they are not known */
export function describeWorker(worker: WorkerRecord, used: Record<string, number> | undefined): object {
  return {
    metadata: meta(worker.id, worker.createdAt, worker.lastHeartbeatAt ?? worker.createdAt),
    name: worker.name,
    type: "SELFHOSTED",
    status: workerStatus(worker),
    quarantineReason: worker.quarantineReason ?? undefined,
    liveness: worker.isConnected ? (worker.isLate ? "late" : "fresh") : "lost",
    lastHeartbeatAt: worker.lastHeartbeatAt ?? undefined,
    lastListenerEstablished: worker.listeningSince ?? undefined,
    actions: worker.actions,
    slotConfig: Object.fromEntries(
      Object.entries(worker.slots).map(([kind, limit]) => [
        kind,
        { available: used && Math.max(0, limit - (used[kind] ?? 0)), limit },
      ]),
    ),
    labels: Object.entries(worker.labels).map(([key, value]) => ({
      metadata: meta(NIL_ID, worker.createdAt),
      key,
      value: String(value),
    })),
    versionProblem: sdkProblem(worker.runtime),
    runtimeInfo: runtimeInfo(worker),
  };
}

const NIL_ID = "00000000-0000-0000-0000-000000000000";
/** As REST calls the languages of gRPC. */
const LANGUAGES: Readonly<Record<string, string>> = {
  GO: "GOLANG",
  PYTHON: "PYTHON",
  TYPESCRIPT: "TYPESCRIPT",
  RUBY: "RUBY",
};

function runtimeInfo({ runtime }: WorkerRecord): object | undefined {
  const { sdkVersion, language, languageVersion, os, extra } = runtime;
  const known = LANGUAGES[language?.toUpperCase() ?? ""];
  const info = { sdkVersion, language: known, languageVersion, os, runtimeExtra: extra };
  return Object.values(info).some((value) => value !== undefined) ? info : undefined;
}
