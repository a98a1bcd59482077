import type { Uuid } from "@helve/core";

/**
 * Where a run or a task stands. A task has the status of its row; a run of several tasks is `queued` until one of them has
 * been given to a worker or has ended, then `running`.
 */
export type RecordStatus =
  | "waiting"
  | "queued"
  | "assigned"
  | "backing_off"
  | "running"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "skipped";

/** A run of several tasks, or one task (a standalone one is its own run), unfinished or from history. */
export interface RunRecord {
  id: Uuid;
  tenantId: Uuid;
  versionId: Uuid;
  /** A run of several tasks; its `attempt`, worker, output and error are empty. */
  isWorkflowRun: boolean;
  status: RecordStatus;
  priority: number;
  /** Hand-outs so far; 0 before the first. */
  attempt: number;
  failures: number;
  requeues: number;
  workerId: Uuid | null;
  createdAt: Date;
  queuedAt: Date | null;
  assignedAt: Date | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  parentTaskId: Uuid | null;
  /** JSON text; null for a task of a DAG, and where payloads were not asked for. */
  input: string | null;
  /** JSON object text. */
  metadata: string | null;
  output: string | null;
  error: string | null;
}

/** The highest id under a run, in SQL. */
export const lastIdOf = (id: string): string => `(left(${id}::text, 32) || 'ffff')::uuid`;

/** The run of a task, in SQL. */
export const runIdOf = (id: string): string => `(left(${id}::text, 32) || '0000')::uuid`;

/**
 * Whether an id of a task table is a run's own, that is, of a standalone task, in SQL. Comparing bytes takes 60 ns a row,
 * comparing the end of the text 320.
 */
export const isStandalone = (id: string): string => `substring(uuid_send(${id}) from 15) = '\\x0000'::bytea`;

/**
 * Whether unfinished workflow run `w` is under way. Its row counts what is left, not what there was, so the tasks are
 * asked: one key range each in the hot table and in one partition.
 */
export const IS_UNDER_WAY: string = /* sql */ `(
  w.failed + w.cancelled > 0
  or exists (select from task_run t where t.id > w.id and t.id <= ${lastIdOf("w.id")} and t.status = 'assigned')
  or exists (select from task_run_history h
              where h.tenant_id = w.tenant_id and h.id > w.id and h.id <= ${lastIdOf("w.id")}))`;

const TASK_COLUMNS = /* sql */ `
  t.id, t.tenant_id as "tenantId", t.version_id as "versionId", false as "isWorkflowRun", t.status::text as status,
  t.priority, t.attempt, t.failures, t.requeues, t.worker_id as "workerId", t.created_at as "createdAt",
  t.queued_at as "queuedAt", t.assigned_at as "assignedAt", t.started_at as "startedAt"`;

const RUN_COLUMNS = /* sql */ `
  w.priority, 0 as attempt, 0::smallint as failures, 0::smallint as requeues, null::uuid as "workerId",
  w.created_at as "createdAt", null::timestamptz as "queuedAt", null::timestamptz as "assignedAt",
  null::timestamptz as "startedAt"`;

/** Which payloads a statement reads: a condition in SQL, so that a list without them never fetches large values. */
type PayloadCondition = "true" | "false" | `$${number}::boolean`;

/** The columns of a {@link RunRecord} from `task_run t`, in the order that all four sources share. */
export const unfinishedTask = (payloads: PayloadCondition): string => /* sql */ `
  ${TASK_COLUMNS}, null::timestamptz as "finishedAt", t.parent_task_id as "parentTaskId",
  case when ${payloads} then t.input end as input, t.metadata, null::text as output, null::text as error`;

/** As {@link unfinishedTask}, from `task_run_history t`. */
export const finishedTask = (payloads: PayloadCondition): string => /* sql */ `
  ${TASK_COLUMNS}, t.finished_at as "finishedAt", t.parent_task_id as "parentTaskId",
  case when ${payloads} then t.input end as input, t.metadata, case when ${payloads} then t.output end as output, t.error`;

/** As {@link unfinishedTask}, from `workflow_run w`. */
export const unfinishedRun = (payloads: PayloadCondition): string => /* sql */ `
  w.id, w.tenant_id as "tenantId", w.version_id as "versionId", true as "isWorkflowRun",
  case when ${IS_UNDER_WAY} then 'running' else 'queued' end as status, ${RUN_COLUMNS},
  null::timestamptz as "finishedAt", w.parent_task_id as "parentTaskId",
  case when ${payloads} then w.input end as input, w.metadata, null::text as output, null::text as error`;

/** As {@link unfinishedTask}, from `workflow_run_history w`. */
export const finishedRun = (payloads: PayloadCondition): string => /* sql */ `
  w.id, w.tenant_id as "tenantId", w.version_id as "versionId", true as "isWorkflowRun", w.status::text as status,
  ${RUN_COLUMNS}, w.finished_at as "finishedAt", w.parent_task_id as "parentTaskId",
  case when ${payloads} then w.input end as input, w.metadata, null::text as output, null::text as error`;
