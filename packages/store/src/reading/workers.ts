import type { Uuid } from "@helve/core";
import type { Db, Statement } from "../db.ts";
import { IS_CONNECTED, type WorkerRuntime } from "../workers/workers.ts";

/** A worker as people see it. */
export interface WorkerRecord {
  id: Uuid;
  tenantId: Uuid;
  name: string;
  actions: string[];
  /** Capacity by slot kind. */
  slots: Record<string, number>;
  labels: Record<string, string | number>;
  runtime: WorkerRuntime;
  createdAt: Date;
  lastHeartbeatAt: Date | null;
  /** Nothing was heard of it for so long that it is given nothing new. */
  isLate: boolean;
  listeningSince: Date | null;
  /** Listens, on a replica that lives. */
  isConnected: boolean;
  isPaused: boolean;
  quarantineReason: string | null;
}

/** An engine gives nothing to a worker that was silent for 5 s; it stores heartbeats every 3 s. */
const LATE_SECONDS = 8;

const COLUMNS = /* sql */ `
  w.id, w.tenant_id as "tenantId", w.name, w.actions, w.slots, w.labels, w.runtime, w.created_at as "createdAt",
  w.last_heartbeat_at as "lastHeartbeatAt",
  coalesce(w.last_heartbeat_at < helve_now() - interval '${LATE_SECONDS} s', false) as "isLate", w.listening_since as "listeningSince", w.is_paused as "isPaused",
  w.quarantine_reason as "quarantineReason",
  ${IS_CONNECTED} as "isConnected"`;

const LIST_WORKERS: Statement = {
  name: "reading_list_workers",
  text: /* sql */ `
  select ${COLUMNS} from worker w
   where w.tenant_id = $1 and coalesce(w.last_heartbeat_at, w.created_at) > helve_now() - interval '24 hours'
   order by w.id desc`,
};

/** The workers that were heard of in the last 24 hours, newest first. */
export async function listWorkers(db: Db, tenantId: Uuid): Promise<WorkerRecord[]> {
  return db.query<WorkerRecord>(LIST_WORKERS, [tenantId]);
}

const GET_WORKER: Statement = {
  name: "reading_get_worker",
  text: `select ${COLUMNS} from worker w where w.tenant_id = $1 and w.id = $2`,
};

export async function getWorkerRecord(db: Db, tenantId: Uuid, id: Uuid): Promise<WorkerRecord | undefined> {
  return (await db.query<WorkerRecord>(GET_WORKER, [tenantId, id]))[0];
}

/** Up to this size the hot table is read through in some tens of milliseconds. */
const MAX_SCANNED_BYTES = 64 * 2 ** 20;

const IS_SMALL: Statement = {
  name: "reading_hot_table_is_small",
  text: "select pg_relation_size('task_run') <= $1::bigint as small",
};

const USED_SLOTS: Statement = {
  name: "reading_used_slots",
  text: /* sql */ `
  select t.worker_id as "workerId", r.slots, count(*)::int as tasks
    from task_run t join route r on r.id = t.route_id
   where t.status = 'assigned' and not t.slot_released and t.worker_id = any ($1::uuid[])
   group by 1, 2`,
};

/**
 * Slots by kind that these workers' tasks take now.
 *
 * No index leads from a worker to its tasks, so the hot table is read through, and only while it is small: with a great
 * many tasks waiting the answer is undefined.
 */
export async function usedSlots(
  db: Db,
  workerIds: readonly Uuid[],
): Promise<ReadonlyMap<Uuid, Record<string, number>> | undefined> {
  const used = new Map<Uuid, Record<string, number>>();
  if (workerIds.length === 0) return used;
  const [size] = await db.query<{ small: boolean }>(IS_SMALL, [MAX_SCANNED_BYTES]);
  if (!size?.small) return undefined;
  for (const row of await db.query<{ workerId: Uuid; slots: string; tasks: number }>(USED_SLOTS, [workerIds])) {
    const slots = used.get(row.workerId) ?? {};
    for (const [kind, cost] of Object.entries(JSON.parse(row.slots) as Record<string, number>)) {
      slots[kind] = (slots[kind] ?? 0) + cost * row.tasks;
    }
    used.set(row.workerId, slots);
  }
  return used;
}
