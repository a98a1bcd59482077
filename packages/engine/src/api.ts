import type { DesiredLabel, RunId, TaskRunId, TenantId, Uuid, WorkerId, WorkflowDefinition } from "@helve/core";
import type { Pause } from "@helve/store";

/**
 * What the edge may ask of the engine. Both wire protocols and REST translate into these calls and nothing else; all of
 * them throw HelveError, and none answers before what it promises is durable.
 */
export interface Engine {
  /** Resolves when the replica has its lease and its services run. */
  start(): Promise<void>;
  /** Takes no new work, closes every session, writes what is under way, gives the lease back. Idempotent. */
  stop(): Promise<void>;
  /** Whether commands can be carried out now; the reason when not. */
  readiness(): { isReady: true } | { isReady: false; reason: string };
  /** What this replica has in hand now, for figures. */
  status(): EngineStatus;
  /** What the workers of a tenant have in hand, by action; undefined when other replicas may have some of it. */
  running(tenantId: TenantId): RunningLoad[] | undefined;

  putWorkflow(tenantId: TenantId, definition: WorkflowDefinition): Promise<PutWorkflowResult>;

  /** Hides a workflow and frees its name; runs that it has go on. @throws not_found */
  deleteWorkflow(tenantId: TenantId, workflowId: Uuid): Promise<void>;
  /**
   * Holds back the tasks of a workflow that no worker has, those of runs to come as well, until it is resumed. When this
   * resolves nothing more is given out here; other replicas follow by hint. Another workflow that needs one of its actions
   * waits as well.
   *
   * @throws not_found
   */
  pauseWorkflow(tenantId: TenantId, workflowId: Uuid, pause: Pause): Promise<void>;
  /** Lets its tasks go on, in their order, each with its whole schedule timeout before it. @throws not_found */
  resumeWorkflow(tenantId: TenantId, workflowId: Uuid): Promise<void>;

  /** Starts runs, all or none. @returns their ids in the order given; for a child asked for before, that child's id */
  triggerRuns(tenantId: TenantId, requests: readonly TriggerRequest[]): Promise<RunId[]>;
  /** Cancels runs (with all their tasks) and tasks. Unknown and finished ones are passed over. @returns tasks cancelled */
  cancel(tenantId: TenantId, ids: readonly Uuid[], reason: string): Promise<TaskRunId[]>;
  /** Runs finished runs and tasks again, a task of a DAG with all that depends on it. @returns tasks that run again */
  replay(tenantId: TenantId, ids: readonly Uuid[]): Promise<TaskRunId[]>;

  registerWorker(tenantId: TenantId, worker: WorkerRegistration): Promise<WorkerId>;
  /** @throws not_found for a worker that this tenant does not have */
  upsertWorkerLabels(tenantId: TenantId, workerId: WorkerId, labels: Labels): Promise<void>;
  /** A worker that is resumed leaves its quarantine too. @throws not_found */
  setWorkerPaused(tenantId: TenantId, workerId: WorkerId, isPaused: boolean): Promise<void>;
  /** Slots by kind that are taken of the workers that are connected to this replica; others are left out. */
  usedSlots(workerIds: readonly WorkerId[]): Map<WorkerId, Record<string, number>>;
  /** Opens a stream of work to a worker. @throws not_found */
  openStream(tenantId: TenantId, workerId: WorkerId, stream: WorkerStream, options: StreamOptions): Promise<OpenStream>;
  /** @throws not_found for an unknown worker, failed_precondition when its stream has ended */
  heartbeat(tenantId: TenantId, workerId: WorkerId): Promise<void>;
  /** The worker leaves: it gets nothing new and keeps what it has. @throws not_found */
  unsubscribe(tenantId: TenantId, workerId: WorkerId): Promise<void>;

  /**
   * The names of the workers that a call speaks for. Nothing is said of workers that there are not, nor of attempts that
   * are over: what is said under those changes nothing.
   */
  workerNames(tenantId: TenantId, meant: WorkersMeant): Promise<ReadonlySet<string>>;
  /** A call of this worker came over this connection. */
  connectionUsed(
    connection: ConnectionId,
    tenantId: TenantId,
    worker: { workerId: WorkerId } | { taskId: TaskRunId; attempt: number | null },
  ): void;
  /** A connection is gone. A worker with none left and no goodbye is dead unless it is back within 1.5 s. */
  connectionClosed(connection: ConnectionId): void;

  /**
   * Takes reports; each is answered when it is durable.
   *
   * @param by the worker that says so, where the wire tells: what it says of another's given-up attempt frees no slot
   * @returns one answer per report, in order
   */
  report(tenantId: TenantId, reports: readonly Report[], by?: WorkerId): Promise<ReportAnswer[]>;
  /** Moves the execution deadline on from where it is. @returns ms since 1970 @throws not_found when not running */
  refreshTimeout(tenantId: TenantId, taskId: TaskRunId, incrementMs: number): Promise<number>;
  /**
   * The task goes on without a slot.
   *
   * @param by the worker that says so, where the wire tells
   * @throws not_found when not running, or not there
   */
  releaseSlot(tenantId: TenantId, taskId: TaskRunId, by?: WorkerId): Promise<void>;
  /** @param attempt undefined: the current one @throws not_found for an unknown task */
  putLogs(tenantId: TenantId, lines: readonly LogLine[]): Promise<void>;
  /** Hands a chunk to whoever listens to the run now. @throws not_found for an unknown task */
  putStreamChunk(tenantId: TenantId, chunk: StreamChunk): Promise<void>;

  /**
   * Calls back once for each run, when it has ended or if it had. Unknown runs stay open: they may come to be.
   * @returns stops listening
   */
  onRunEnded(tenantId: TenantId, runIds: readonly RunId[], callback: (result: RunResult) => void): () => void;
  /** Which of these runs the tenant does not have: they were never started, or another client is about to. */
  findUnknownRuns(tenantId: TenantId, runIds: readonly RunId[]): Promise<RunId[]>;
  /** What is known of a run now. @throws not_found */
  getRun(tenantId: TenantId, runId: RunId): Promise<RunDetails>;
  /**
   * What keeps tasks from running now: for each, in the order asked, its reasons, the nearest to being released first. None
   * when it runs or has ended.
   *
   * @throws not_found when one of them is unknown
   */
  whyWaiting(tenantId: TenantId, taskIds: readonly TaskRunId[]): Promise<Map<TaskRunId, WaitReason[]>>;
  /** Live events of one run, or of all runs with a metadata value. @returns stops listening */
  onRunEvents(tenantId: TenantId, filter: RunEventFilter, callback: (event: RunEvent) => void): () => void;
}

/** Workers by their ids, or as those that have attempts in hand; `attempt` null: whichever is the present one. */
export interface WorkersMeant {
  workerIds?: readonly WorkerId[];
  attempts?: readonly { taskId: TaskRunId; attempt: number | null }[];
}

/** A replica at one moment, from memory. */
export interface EngineStatus {
  /** Whether the lease is valid, and how many replicas were alive at its last renewal, this one included. */
  lease: { isValid: boolean; replicas: number };
  /** Workers whose session is here, each once: by the first of these words that is true of it. */
  workers: Record<"quarantined" | "leaving" | "paused" | "disconnected" | "silent" | "congested" | "ready", number>;
  /** Slots of those workers, by kind. */
  slots: ReadonlyMap<string, { limit: number; used: number }>;
  /** Tasks in the hands of those workers, by tenant. */
  tasks: ReadonlyMap<TenantId, number>;
}

/** Tasks of one action in the hands of workers. */
export interface RunningLoad {
  action: string;
  total: number;
  /** When the one that is there longest was given out. */
  oldest: Date;
  /** The same of first attempts; null when there are none. */
  oldestFirstTry: Date | null;
}

export interface PutWorkflowResult {
  workflowId: Uuid;
  versionId: Uuid;
  ordinal: number;
  createdAt: Date;
}

export interface TriggerRequest {
  workflow: string;
  /** The run's id, when the caller chooses it: as core's newRunId makes them. Not beside a parent. */
  runId?: RunId | undefined;
  /**
   * The same was asked for before, under the same `runId`, and may have been carried out; it is not carried out twice. May be
   * set while the call is under way, when the caller is gone and about to ask elsewhere.
   */
  isRepeated?: boolean | undefined;
  /** JSON text, passed through byte for byte; empty is allowed. */
  input: string;
  /** JSON object text, or empty. */
  metadata: string;
  /** 1 (low) to 3 (high); default: the workflow's, else 1. */
  priority?: number | undefined;
  parentTaskId?: TaskRunId | undefined;
  /** Together with a parent: the same index (or key) again gives the same child. */
  childIndex?: number | undefined;
  childKey?: string | undefined;
  /** The worker that the tasks of a sticky workflow stick to; other workflows take no notice. */
  desiredWorkerId?: WorkerId | undefined;
  /**
   * When there are any, every task of the run asks for these in place of its own; a sticky workflow takes no notice. As
   * core's defineLabels gives them.
   */
  desiredLabels?: readonly DesiredLabel[] | undefined;
}

export type Labels = Readonly<Record<string, string | number>>;

export interface WorkerRegistration {
  name: string;
  actions: readonly string[];
  /** Capacity by slot kind. */
  slots: Readonly<Record<string, number>>;
  labels: Labels;
  runtime: { sdkVersion?: string; language?: string; languageVersion?: string; os?: string; extra?: string };
}

/** One TCP connection of this process, named by whoever accepted it. */
export type ConnectionId = string;

export interface StreamOptions {
  connection: ConnectionId;
  /** Whether the stream itself proves that the worker lives (old Listen), or heartbeats must. */
  isItsOwnHeartbeat: boolean;
  /**
   * How long the slot of an attempt that was given up (cancelled, timed out) stays taken at most. Published SDKs do not say
   * when such code has ended, but let it go after a second; ours says so (undefined: until it does).
   */
  abandonedSlotMs?: number | undefined;
  /** Is told the worker's name before anything happens, and throws when the stream is not to be opened. */
  admit?: ((workerName: string) => void) | undefined;
  /** Attempts that a returning worker says it holds; others that are assigned to it go back to the line. */
  holding?: readonly { taskId: TaskRunId; attempt: number }[] | undefined;
}

/** The engine's way to a worker, made by the edge. None of these may throw. */
export interface WorkerStream {
  assign(tasks: readonly AssignedTask[]): void;
  cancel(task: AssignedTask, reason: string): void;
  /** The engine ends the stream: it stops, or has given the worker up. */
  close(reason: "engine_stops" | "worker_lost"): void;
  /** Native workers are told; for others the engine just gives nothing. */
  setPaused?(isPaused: boolean): void;
  /** Whether it has not closed yet; undefined: it has not. */
  isOpen?(): boolean;
  /** How much of what it was sent the worker has not read, nearly in bytes; undefined: nothing waits. */
  unread?(): number;
}

export interface OpenStream {
  /** Of the attempts in `holding`, those that the worker no longer owns. */
  lost: { taskId: TaskRunId; attempt: number }[];
  /** The stream has ended. `goodbye`: by the worker's own wish. Idempotent. */
  closed(how: "goodbye" | "broken"): void;
}

/** A task in a worker's hands, with all that either wire needs to send it. */
export interface AssignedTask {
  readonly id: TaskRunId;
  readonly tenantId: TenantId;
  readonly runId: RunId;
  readonly workerId: WorkerId;
  readonly workflowId: Uuid;
  readonly workflowName: string;
  readonly versionId: Uuid;
  /** The wire's id of the task definition. */
  readonly stepId: Uuid;
  readonly action: string;
  readonly taskName: string;
  /** From 1; the wire's retry_count is one less. */
  readonly attempt: number;
  readonly priority: number;
  readonly input: string;
  readonly metadata: string;
  /** JSON object text of the outputs of finished ancestors by name; "{}" without parents. */
  readonly parents: string;
  /** JSON object text of errors by task name; only for an on-failure task. */
  readonly stepRunErrors: string | undefined;
  readonly parentTaskId: TaskRunId | undefined;
  readonly childIndex: number | undefined;
  readonly childKey: string | undefined;
  readonly executionTimeoutMs: number;
}

export type Report = { taskId: TaskRunId /** null: the current one */; attempt: number | null } & (
  | { outcome: "started" }
  /** `output` is JSON text or empty, already checked. */
  | { outcome: "succeeded"; output: string }
  | { outcome: "failed"; error: string; isRetryable: boolean }
  /** The worker says that the task was cancelled. */
  | { outcome: "cancelled" }
  /** The code of an attempt that was given up has ended: its slot is free. */
  | { outcome: "ended" }
  /** A stopping worker hands the attempt back unspent. */
  | { outcome: "returned" }
);

/** `late`: the attempt was over (recorded, changed nothing). `unknown`: this tenant has no such task. */
export type ReportAnswer = "accepted" | "late" | "unknown";

export interface LogLine {
  taskId: TaskRunId;
  attempt: number | undefined;
  level: string;
  message: string;
  /** JSON object text. */
  metadata: string;
}

export interface StreamChunk {
  taskId: TaskRunId;
  content: Uint8Array;
  /** Undefined: no order. */
  index: number | undefined;
  createdAtMs: number | undefined;
}

export type RunStatus = "queued" | "running" | "succeeded" | "failed" | "cancelled";

export interface RunResult {
  runId: RunId;
  status: "succeeded" | "failed" | "cancelled";
  tasks: TaskResult[];
}

export interface TaskResult {
  taskId: TaskRunId;
  taskName: string;
  status: RunStatus | "skipped";
  /** JSON text as the worker sent it. */
  output: string | undefined;
  /** As the worker sent it; never undefined for a task that failed or was cancelled. */
  error: string | undefined;
}

export interface RunDetails {
  runId: RunId;
  status: RunStatus;
  isDone: boolean;
  input: string;
  metadata: string;
  tasks: TaskResult[];
}

/**
 * - `parents` tasks that it depends on have not ended
 * - `no_failure` an on-failure task: nothing has failed
 * - `back_off` its last attempt failed, and the pause after it is not over
 * - `paused` its workflow is paused
 * - `action` no connected worker has registered its action
 * - `capacity` workers with its action do not have that many slots at all
 * - `labels` workers with its action do not meet the labels that it asks for
 * - `sticky` it belongs to one worker, and that one cannot take it
 * - `not_accepting` workers that could take it are given nothing: paused, leaving, quarantined, silent
 * - `busy` workers that could take it have no free slot
 * - `line` others stand before it
 * - `next` a worker has room for it: it is about to be given out
 */
export type WaitRule =
  | "parents"
  | "no_failure"
  | "back_off"
  | "paused"
  | "action"
  | "capacity"
  | "labels"
  | "sticky"
  | "not_accepting"
  | "busy"
  | "line"
  | "next";

/** One thing that keeps a task from running. */
export interface WaitReason {
  rule: WaitRule;
  /** What is so, in words. */
  message: string;
  /** What would release the task. */
  releasedBy: string;
  /** Workers that this is about, at most 20, each with what stands against it. */
  workers: { workerId: WorkerId; name: string; detail: string }[];
  /** Tasks that this is about, at most 20: parents, and those that hold the slots. */
  tasks: { taskId: TaskRunId; detail: string }[];
  /** When the wait ends in any case, ms since 1970: with the back-off, or with the schedule timeout. */
  deadlineMs: number | undefined;
}

export type RunEventFilter = { runId: RunId } | { metadataKey: string; metadataValue: string };

export interface RunEvent {
  runId: RunId;
  /** The run's id for events of the run itself. */
  taskId: TaskRunId;
  atMs: number;
  retryCount: number;
  kind:
    | { type: "task_queued" }
    | { type: "task_started" }
    | { type: "task_completed"; output: string }
    | { type: "task_failed"; error: string }
    | { type: "task_cancelled" }
    | { type: "stream"; content: Uint8Array; index: number | undefined }
    | { type: "run_ended"; status: "succeeded" | "failed" | "cancelled" };
}
