import type { Uuid } from "@helve/core";
import { columns as columnsOf, type Db, type Statement } from "../db.ts";
import type { ReplicaId } from "../replicas/owner.ts";
import { ASSIGNED_COLUMNS, type AssignedTaskRun } from "../task-runs/claim-task-runs.ts";

export interface WorkerRuntime {
  sdkVersion?: string;
  language?: string;
  languageVersion?: string;
  os?: string;
  extra?: string;
}

export interface NewWorker {
  id: Uuid;
  tenantId: Uuid;
  name: string;
  /** Lower-case action ids. */
  actions: readonly string[];
  /** Capacity by slot kind. */
  slots: Readonly<Record<string, number>>;
  labels: Readonly<Record<string, string | number>>;
  runtime: WorkerRuntime;
}

export interface WorkerRow extends NewWorker {
  isPaused: boolean;
  isListening: boolean;
  /** Where its session lives or lived. */
  replicaId: ReplicaId | null;
  session: number;
  quarantineReason: string | null;
}

const columns = (replicaId: string, of = "") => /* sql */ `
  ${of}id, tenant_id as "tenantId", name, actions, slots, labels, runtime, is_paused as "isPaused",
  is_listening as "isListening", ${replicaId} as "replicaId", session,
  quarantine_reason as "quarantineReason"`;
const COLUMNS = columns("replica_id");

const INSERT_WORKERS: Statement = {
  name: "insert_workers",
  text: /* sql */ `
  insert into worker (id, tenant_id, name, actions, slots, labels, runtime)
  select id, tenant_id, name, actions, slots, labels, runtime from jsonb_to_recordset($1::jsonb) as n (
    id uuid, tenant_id uuid, name text, actions text[], slots jsonb, labels jsonb, runtime jsonb)`,
};

export async function insertWorkers(db: Db, workers: readonly NewWorker[]): Promise<void> {
  const rows = workers.map(({ tenantId, ...worker }) => ({ ...worker, tenant_id: tenantId }));
  await db.query(INSERT_WORKERS, [JSON.stringify(rows)]);
}

/** A worker as callers name it: the id alone proves nothing. */
export interface WorkerKey {
  tenantId: Uuid;
  id: Uuid;
}

const GET_WORKERS: Statement = {
  name: "get_workers",
  text: /* sql */ `
  select ${COLUMNS} from worker
   where (tenant_id, id) in (select * from unnest($1::uuid[], $2::uuid[]))`,
};

/** Those of these workers that there are, in no order. */
export async function getWorkers(db: Db, keys: readonly WorkerKey[]): Promise<WorkerRow[]> {
  return db.query<WorkerRow>(GET_WORKERS, columnsOf(keys, ["tenantId", "id"]));
}

// Locked in the order of ids: two replicas may be opening sessions of the same workers.
const OPEN_SESSIONS: Statement = {
  name: "open_worker_sessions",
  text: /* sql */ `
  with former as (
    select id, replica_id, is_listening as was_listening from worker
     where (tenant_id, id) in (select * from unnest($1::uuid[], $2::uuid[]))
     order by id for update
  )
  update worker w
     set replica_id = $3, session = session + 1, is_listening = true, listening_since = helve_now(),
         last_heartbeat_at = helve_now(), quarantine_reason = null
    from former
   where w.id = former.id
  returning ${columns("former.replica_id", "w.")}, former.was_listening as "wasListening"`,
};

/** A worker whose session was opened, as it is now, but for `replicaId`, which says where its former session was. */
export interface OpenedWorker extends WorkerRow {
  wasListening: boolean;
}

/**
 * Binds workers to this replica from now on; their former sessions, here or elsewhere, are over.
 *
 * @param keys one that stands there twice has one new session
 * @returns those that there are, in no order
 */
export async function openWorkerSessions(
  db: Db,
  keys: readonly WorkerKey[],
  replicaId: ReplicaId,
): Promise<OpenedWorker[]> {
  return db.query<OpenedWorker>(OPEN_SESSIONS, [...columnsOf(keys, ["tenantId", "id"]), replicaId]);
}

const UNDO_OPEN_SESSION: Statement = {
  name: "undo_open_worker_session",
  text: /* sql */ `
  update worker set replica_id = $3, session = session - 1, is_listening = $4 where id = $1 and session = $2`,
};

/** Gives a worker back to where its former session was, unless it has opened a newer one. */
export async function undoOpenWorkerSession(db: Db, opened: OpenedWorker): Promise<void> {
  const { id, session, replicaId, wasListening } = opened;
  await db.query(UNDO_OPEN_SESSION, [id, session, replicaId, wasListening]);
}

/** A session of a worker, by its number. */
export interface SessionKey {
  id: Uuid;
  session: number;
}

const CLOSE_SESSIONS: Statement = {
  name: "close_worker_sessions",
  text: /* sql */ `
  with closed as (
    select w.id from worker w join unnest($1::uuid[], $2::int[]) as s (id, session) on w.id = s.id and w.session = s.session
     order by w.id for update of w
  )
  update worker w set is_listening = false from closed where w.id = closed.id
  returning w.id, w.session`,
};

/** Marks workers as gone. @returns those of them that have not opened a newer session: the others are left as they are */
export async function closeWorkerSessions(db: Db, sessions: readonly SessionKey[]): Promise<SessionKey[]> {
  return db.query<SessionKey>(CLOSE_SESSIONS, columnsOf(sessions, ["id", "session"]));
}

const UPSERT_LABELS: Statement = {
  name: "upsert_worker_labels",
  text: `update worker set labels = labels || $3::jsonb where tenant_id = $1 and id = $2 returning id`,
};

/** Sets labels and keeps the others. @returns whether the tenant has that worker */
export async function upsertWorkerLabels(
  db: Db,
  tenantId: Uuid,
  id: Uuid,
  labels: Readonly<Record<string, string | number>>,
): Promise<boolean> {
  return (await db.query(UPSERT_LABELS, [tenantId, id, labels])).length > 0;
}

const GET_LABELS: Statement = {
  name: "get_worker_labels",
  text: `select id, labels from worker where id = any($1::uuid[])`,
};

/** The labels of these workers, of whichever tenant. */
export async function getWorkerLabels(db: Db, ids: readonly Uuid[]): Promise<Pick<WorkerRow, "id" | "labels">[]> {
  return db.query(GET_LABELS, [ids]);
}

const SET_PAUSED: Statement = {
  name: "set_worker_paused",
  text: /* sql */ `
  update worker set is_paused = $3, quarantine_reason = case when $3 then quarantine_reason end
   where tenant_id = $1 and id = $2 returning id`,
};

/** A worker that is resumed leaves its quarantine too. @returns whether the tenant has that worker */
export async function setWorkerPaused(db: Db, tenantId: Uuid, id: Uuid, isPaused: boolean): Promise<boolean> {
  return (await db.query(SET_PAUSED, [tenantId, id, isPaused])).length > 0;
}

const SET_QUARANTINE: Statement = {
  name: "set_worker_quarantine",
  text: `update worker set quarantine_reason = $2 where id = $1`,
};

/** @param reason null lifts it */
export async function setWorkerQuarantine(db: Db, id: Uuid, reason: string | null): Promise<void> {
  await db.query(SET_QUARANTINE, [id, reason]);
}

/** Whether worker `w` listens, on a replica that lives. */
export const IS_CONNECTED = /* sql */ `
  w.is_listening and exists (
    select from replica r join replica_lease l on l.replica_id = r.id
     where r.id = w.replica_id and r.fenced_at is null and l.expires_at > helve_now())`;

const LIST_CONNECTED: Statement = {
  name: "list_connected_workers",
  text: /* sql */ `
  select ${COLUMNS} from worker w
   where tenant_id = any($1::uuid[]) and ${IS_CONNECTED}
   order by id`,
};

/** The workers of these tenants that listen, on whichever replica. */
export async function listConnectedWorkers(db: Db, tenantIds: readonly Uuid[]): Promise<WorkerRow[]> {
  return db.query<WorkerRow>(LIST_CONNECTED, [tenantIds]);
}

/** A task run in a worker's hands, which has its input, with the times that its keeper needs. */
export interface HeldTaskRun extends Omit<AssignedTaskRun, "input"> {
  assignedAtMs: number;
  startedAtMs: number | null;
  deadlineMs: number;
  slotReleased: boolean;
}

/** For statements that read the hot table through. */
const READS_ALL_MS = 30_000;

const LIST_ASSIGNED: Statement = {
  name: "list_assigned_task_runs",
  text: /* sql */ `
  select ${ASSIGNED_COLUMNS}, t.slot_released as "slotReleased",
         (extract(epoch from t.assigned_at) * 1000)::double precision as "assignedAtMs",
         (extract(epoch from t.started_at) * 1000)::double precision as "startedAtMs",
         (extract(epoch from t.deadline_at) * 1000)::double precision as "deadlineMs"
    from task_run t where t.status = 'assigned' and t.worker_id = any($1::uuid[])`,
  timeoutMs: READS_ALL_MS,
};

const LIST_ASSIGNED_ATTEMPTS: Statement = {
  name: "list_assigned_attempts",
  text: /* sql */ `
  select id, tenant_id as "tenantId", attempt from task_run
   where status = 'assigned' and worker_id = any($1::uuid[])`,
  timeoutMs: READS_ALL_MS,
};

/** The attempts that these workers have in hand, and no more of them: there may be a hundred thousand. Reads the hot table. */
export async function listAssignedAttempts(
  db: Db,
  workerIds: readonly Uuid[],
): Promise<Pick<AssignedTaskRun, "id" | "tenantId" | "attempt">[]> {
  return workerIds.length === 0 ? [] : db.query(LIST_ASSIGNED_ATTEMPTS, [workerIds]);
}

/** What these workers have in hand. Reads the whole hot table: for returning workers, in batches. */
export async function listAssignedTaskRuns(db: Db, workerIds: readonly Uuid[]): Promise<HeldTaskRun[]> {
  return workerIds.length === 0 ? [] : db.query<HeldTaskRun>(LIST_ASSIGNED, [workerIds]);
}
