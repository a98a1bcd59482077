import type { RunId, TaskRunId, TenantId, Uuid, WorkerId, WorkflowDefinition } from "@helve/core";

/**
 * What REST shows is read through this. `@helve/store/reading` offers it; it is written down here once more because an
 * edge does not import the store, and main.ts hands the one over as the other.
 */
export interface Reading {
  getTenant(id: TenantId): Promise<TenantRecord | undefined>;
  /** The tenant, whichever it is, that a thing belongs to. */
  ownerOf(kind: "task" | "run" | "worker" | "workflow" | "apiToken", id: Uuid): Promise<TenantId | undefined>;

  /** Newest first, as are the next ones. */
  listRuns(tenantId: TenantId, filter: RunFilter, page: Page): Promise<RunRecord[]>;
  countRuns(tenantId: TenantId, filter: RunFilter, cap: number): Promise<number>;
  listTasks(tenantId: TenantId, filter: RunFilter, page: Page): Promise<RunRecord[]>;
  countTasks(tenantId: TenantId, filter: RunFilter, cap: number): Promise<number>;
  findRuns(tenantId: TenantId, filter: RunFilter, limit: number): Promise<RunId[]>;
  countByStatus(tenantId: TenantId, filter: RunFilter): Promise<Record<RunStatus, number>>;
  /** Runs of several tasks, each followed by its tasks in the order of the definition. */
  listWholeRuns(tenantId: TenantId, runIds: readonly RunId[], withPayloads: boolean): Promise<RunRecord[]>;
  /** Runs and tasks without payloads, newest first; unknown ids are left out. */
  listById(tenantId: TenantId, ids: readonly Uuid[]): Promise<RunRecord[]>;
  /** The run of this id, or of the task with this id, then its tasks; of a standalone task that alone. */
  getRun(tenantId: TenantId, id: RunId | TaskRunId): Promise<DetailedRecord[]>;
  /** With the input and metadata of its run. */
  getTask(tenantId: TenantId, id: TaskRunId): Promise<DetailedRecord | undefined>;
  /** The stored events of the tasks with ids from `firstId` to `lastId`. */
  listEvents(tenantId: TenantId, firstId: TaskRunId, lastId: TaskRunId): Promise<EventRecord[]>;
  listLogLines(tenantId: TenantId, taskId: TaskRunId, filter: LogFilter): Promise<LogRecord[]>;

  /** Those heard of in the last 24 hours, newest first. */
  listWorkers(tenantId: TenantId): Promise<WorkerRecord[]>;
  getWorker(tenantId: TenantId, id: WorkerId): Promise<WorkerRecord | undefined>;
  /** Slots by kind that are taken; undefined when finding out would take too long. */
  usedSlots(workerIds: readonly WorkerId[]): Promise<ReadonlyMap<WorkerId, Record<string, number>> | undefined>;

  /** Newest first, and before them the one called `name`. */
  listWorkflows(
    tenantId: TenantId,
    page: { name?: string | undefined; limit: number; offset: number },
  ): Promise<{ workflows: WorkflowRecord[]; total: number }>;
  listAllWorkflows(tenantId: TenantId): Promise<WorkflowRecord[]>;
  getWorkflow(tenantId: TenantId, id: Uuid): Promise<WorkflowRecord | undefined>;
  /** Of whichever tenant; unknown ones are left out. */
  getVersions(ids: Iterable<Uuid>): Promise<ReadonlyMap<Uuid, VersionRecord>>;

  /** Also those that are revoked or expired, newest first. */
  listApiTokens(tenantId: TenantId): Promise<TokenRecord[]>;

  /** How many tasks stand in line, by action. */
  queueLengths(tenantId: TenantId): Promise<Map<string, number>>;
  /** What waits, in lines and in back-off. */
  listQueueLoads(tenantId: TenantId): Promise<TaskLoad[]>;
  /** What is in the hands of workers, on any replica; reads the hot table through. */
  listRunningLoads(tenantId: TenantId): Promise<TaskLoad[]>;
}

export type RunStatus = "queued" | "running" | "succeeded" | "failed" | "cancelled";

/** What is undefined does not narrow; an empty list matches nothing. */
export interface RunFilter {
  sinceMs?: number | undefined;
  untilMs?: number | undefined;
  beforeId?: Uuid | undefined;
  statuses?: readonly RunStatus[] | undefined;
  workflowIds?: readonly Uuid[] | undefined;
  metadata?: readonly (readonly [key: string, value: string])[] | undefined;
  metadataMatch?: "any" | "all" | undefined;
  /** Of runs alone. */
  parentTaskId?: TaskRunId | undefined;
  /** Of tasks alone. */
  workerId?: WorkerId | undefined;
  eventId?: Uuid | undefined;
}

export interface Page {
  limit: number;
  offset: number;
  withPayloads: boolean;
}

/** A run of several tasks, or one task. */
export interface RunRecord {
  id: Uuid;
  tenantId: TenantId;
  versionId: Uuid;
  isWorkflowRun: boolean;
  status: "waiting" | "backing_off" | "assigned" | "skipped" | RunStatus;
  priority: number;
  /** Hand-outs so far. */
  attempt: number;
  workerId: WorkerId | null;
  createdAt: Date;
  queuedAt: Date | null;
  assignedAt: Date | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  parentTaskId: TaskRunId | null;
  /** JSON text, as metadata and output are; null for a task of a DAG, and where payloads were not asked for. */
  input: string | null;
  metadata: string | null;
  output: string | null;
  error: string | null;
}

export interface DetailedRecord extends RunRecord {
  spawnedChildren: number;
}

export interface EventRecord {
  id: number;
  taskId: TaskRunId;
  attempt: number;
  at: Date;
  kind: string;
  message: string;
  workerId: WorkerId | null;
}

export interface LogFilter {
  since?: string | undefined;
  until?: string | undefined;
  search?: string | undefined;
  levels?: readonly string[] | undefined;
  attempt?: number | undefined;
  order: "asc" | "desc";
  limit: number;
}

export interface LogRecord {
  attempt: number;
  /** RFC 3339 with microseconds. */
  at: string;
  level: string;
  message: string;
  metadata: string;
}

export interface WorkerRecord {
  id: WorkerId;
  name: string;
  actions: readonly string[];
  slots: Record<string, number>;
  labels: Record<string, string | number>;
  runtime: { sdkVersion?: string; language?: string; languageVersion?: string; os?: string; extra?: string };
  createdAt: Date;
  lastHeartbeatAt: Date | null;
  isLate: boolean;
  listeningSince: Date | null;
  isConnected: boolean;
  isPaused: boolean;
  quarantineReason: string | null;
}

export interface WorkflowRecord {
  id: Uuid;
  tenantId: TenantId;
  name: string;
  createdAt: Date;
  versionId: Uuid;
  /** How it is paused; both null when it is not. */
  pausedCronRuns: "queue" | "drop" | null;
  pausedScheduledRuns: "queue" | "drop" | null;
}

export interface TokenRecord {
  id: Uuid;
  name: string;
  scope: string;
  createdAt: Date;
  expiresAt: Date;
  revokedAt: Date | null;
}

export interface VersionRecord {
  id: Uuid;
  workflowId: Uuid;
  ordinal: number;
  definition: WorkflowDefinition;
  createdAt: Date;
}

/** Unfinished tasks of one action that are in one state. */
export interface TaskLoad {
  action: string;
  total: number;
  oldest: Date;
  oldestFirstTry: Date | null;
}

export interface TenantRecord {
  id: TenantId;
  name: string;
  slug: string;
  createdAt: Date;
}
