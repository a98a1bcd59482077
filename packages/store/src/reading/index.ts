import type { Uuid } from "@helve/core";
import type { Db } from "../db.ts";
import { type ApiTokenRow, listApiTokens } from "../tenants/api-tokens.ts";
import { getTenant, type TenantRow } from "../tenants/tenants.ts";
import type { WorkflowVersionRow } from "../workflows/workflows.ts";
import { type DetailedRecord, getRun, getTask, listById } from "./get-run.ts";
import { countRuns, countTasks, findRuns, listRuns, listTasks, listWholeRuns, type Page } from "./list-runs.ts";
import { type OwnedKind, ownerOf } from "./owners.ts";
import { listQueueLoads, listRunningLoads, queueLengths, type TaskLoad } from "./queues.ts";
import type { RunFilter } from "./run-filter.ts";
import type { RunRecord } from "./run-record.ts";
import { countByStatus, type StatusCounts } from "./status-counts.ts";
import { type EventRecord, type LogFilter, type LogRecord, listEvents, listLogLines } from "./task-history.ts";
import { getWorkerRecord, listWorkers, usedSlots, type WorkerRecord } from "./workers.ts";
import { getWorkflow, listAllWorkflows, listWorkflows, versionReader, type WorkflowRecord } from "./workflows.ts";

export type { DetailedRecord } from "./get-run.ts";
export type { Page } from "./list-runs.ts";
export type { OwnedKind } from "./owners.ts";
export { type Backlog, listBacklogs, type TaskLoad } from "./queues.ts";
export { firstIdAt, lastIdAt, type RunFilter, type RunStatusFilter } from "./run-filter.ts";
export type { RecordStatus, RunRecord } from "./run-record.ts";
export type { StatusCounts } from "./status-counts.ts";
export type { EventRecord, LogFilter, LogRecord } from "./task-history.ts";
export type { WorkerRecord } from "./workers.ts";
export type { WorkflowRecord } from "./workflows.ts";

/** What people look at. Nothing here changes anything, and everything is of one tenant unless it says otherwise. */
export interface Reading {
  getTenant(id: Uuid): Promise<TenantRow | undefined>;
  /** The tenant, whichever it is, that a thing belongs to. */
  ownerOf(kind: OwnedKind, id: Uuid): Promise<Uuid | undefined>;

  listRuns(tenantId: Uuid, filter: RunFilter, page: Page): Promise<RunRecord[]>;
  countRuns(tenantId: Uuid, filter: RunFilter, cap: number): Promise<number>;
  listTasks(tenantId: Uuid, filter: RunFilter, page: Page): Promise<RunRecord[]>;
  countTasks(tenantId: Uuid, filter: RunFilter, cap: number): Promise<number>;
  findRuns(tenantId: Uuid, filter: RunFilter, limit: number): Promise<Uuid[]>;
  countByStatus(tenantId: Uuid, filter: RunFilter): Promise<StatusCounts>;
  listWholeRuns(tenantId: Uuid, runIds: readonly Uuid[], withPayloads: boolean): Promise<RunRecord[]>;
  listById(tenantId: Uuid, ids: readonly Uuid[]): Promise<RunRecord[]>;
  getRun(tenantId: Uuid, id: Uuid): Promise<DetailedRecord[]>;
  getTask(tenantId: Uuid, id: Uuid): Promise<DetailedRecord | undefined>;
  listEvents(tenantId: Uuid, firstId: Uuid, lastId: Uuid): Promise<EventRecord[]>;
  listLogLines(tenantId: Uuid, taskId: Uuid, filter: LogFilter): Promise<LogRecord[]>;

  listWorkers(tenantId: Uuid): Promise<WorkerRecord[]>;
  getWorker(tenantId: Uuid, id: Uuid): Promise<WorkerRecord | undefined>;
  usedSlots(workerIds: readonly Uuid[]): Promise<ReadonlyMap<Uuid, Record<string, number>> | undefined>;

  listWorkflows(
    tenantId: Uuid,
    page: { name?: string | undefined; limit: number; offset: number },
  ): Promise<{ workflows: WorkflowRecord[]; total: number }>;
  listAllWorkflows(tenantId: Uuid): Promise<WorkflowRecord[]>;
  getWorkflow(tenantId: Uuid, id: Uuid): Promise<WorkflowRecord | undefined>;
  /** Versions by id, of whichever tenant; unknown ones are left out. */
  getVersions(ids: Iterable<Uuid>): Promise<ReadonlyMap<Uuid, WorkflowVersionRow>>;

  listApiTokens(tenantId: Uuid): Promise<ApiTokenRow[]>;
  queueLengths(tenantId: Uuid): Promise<Map<string, number>>;
  listQueueLoads(tenantId: Uuid): Promise<TaskLoad[]>;
  listRunningLoads(tenantId: Uuid): Promise<TaskLoad[]>;
}

/**
 * Everything that is read for people, over one pool.
 *
 * @param db    opened without `keyedAccess`: lists are for the planner to plan. Kept apart from the engine's own pool, so
 *   that a heavy list delays no work.
 * @param keyed for what is looked up by id: with `keyedAccess` it is planned once and not for each call, which saves two of
 *   three milliseconds for a run with its tasks
 */
export function openReading(db: Db, keyed: Db = db): Reading {
  return {
    getTenant: (id) => getTenant(keyed, id),
    ownerOf: (kind, id) => ownerOf(keyed, kind, id),
    listRuns: (tenantId, filter, page) => listRuns(db, tenantId, filter, page),
    countRuns: (tenantId, filter, cap) => countRuns(db, tenantId, filter, cap),
    listTasks: (tenantId, filter, page) => listTasks(db, tenantId, filter, page),
    countTasks: (tenantId, filter, cap) => countTasks(db, tenantId, filter, cap),
    findRuns: (tenantId, filter, limit) => findRuns(db, tenantId, filter, limit),
    countByStatus: (tenantId, filter) => countByStatus(db, tenantId, filter),
    listWholeRuns: (tenantId, runIds, withPayloads) => listWholeRuns(keyed, tenantId, runIds, withPayloads),
    listById: (tenantId, ids) => listById(keyed, tenantId, ids),
    getRun: (tenantId, id) => getRun(keyed, tenantId, id),
    getTask: (tenantId, id) => getTask(keyed, tenantId, id),
    listEvents: (tenantId, firstId, lastId) => listEvents(keyed, tenantId, firstId, lastId),
    listLogLines: (tenantId, taskId, filter) => listLogLines(db, tenantId, taskId, filter),
    listWorkers: (tenantId) => listWorkers(db, tenantId),
    getWorker: (tenantId, id) => getWorkerRecord(keyed, tenantId, id),
    usedSlots: (workerIds) => usedSlots(db, workerIds),
    listWorkflows: (tenantId, page) => listWorkflows(db, tenantId, page),
    listAllWorkflows: (tenantId) => listAllWorkflows(db, tenantId),
    getWorkflow: (tenantId, id) => getWorkflow(keyed, tenantId, id),
    getVersions: versionReader(keyed),
    listApiTokens: (tenantId) => listApiTokens(keyed, tenantId),
    queueLengths: (tenantId) => queueLengths(db, tenantId),
    listQueueLoads: (tenantId) => listQueueLoads(db, tenantId),
    listRunningLoads: (tenantId) => listRunningLoads(db, tenantId),
  };
}
