import { NATIVE_RUNTIME, type Uuid } from "@helve/core";
import type { Db, Statement } from "../db.ts";
import type { ReplicaId } from "./owner.ts";

const START_REPLICA: Statement = {
  name: "start_replica",
  text: /* sql */ `
  with added as (insert into replica (name) values ($1) returning id)
  insert into replica_lease (replica_id, expires_at)
  select id, helve_now() + $2 * interval '1 ms' from added
  returning replica_id as id`,
};

/** Makes this process a replica. @returns its id, which no other process ever has */
export async function startReplica(db: Db, name: string, leaseMs: number): Promise<ReplicaId> {
  const rows = await db.query<{ id: ReplicaId }>(START_REPLICA, [name, leaseMs]);
  return (rows[0] as { id: ReplicaId }).id;
}

const RENEW_LEASE: Statement = {
  name: "renew_lease",
  text: /* sql */ `
  with renewed as (
    update replica_lease l set expires_at = helve_now() + $2 * interval '1 ms'
      from replica r where l.replica_id = $1 and r.id = $1 and r.fenced_at is null
    returning l.replica_id
  ), beaten as (
    update worker set last_heartbeat_at = helve_now() where id = any($3::uuid[]) and replica_id = $1
  )
  select renewed.replica_id as id,
         (select count(*)::int from replica where fenced_at is null) as replicas,
         (select coalesce(max(engines_from), 0) from helve_migration) as "enginesFrom",
         (extract(epoch from helve_now()) * 1000)::double precision as "nowMs"
    from renewed`,
};

/**
 * Renews the lease and stores the heartbeats that came since the last time, in one statement.
 *
 * @returns undefined when another replica has taken over; else how many replicas live, the database's clock in ms, and the
 *   schema that an engine has to have for the database as it is now
 */
export async function renewLease(
  db: Db,
  replicaId: ReplicaId,
  leaseMs: number,
  beatenWorkers: readonly Uuid[],
): Promise<Renewed | undefined> {
  return (await db.query<Renewed>(RENEW_LEASE, [replicaId, leaseMs, beatenWorkers]))[0];
}

interface Renewed {
  replicas: number;
  nowMs: number;
  enginesFrom: number;
}

const FENCE_EXPIRED: Statement = {
  name: "fence_expired_replicas",
  text: /* sql */ `
  update replica r set fenced_at = helve_now()
    from replica_lease l
   where l.replica_id = r.id and r.fenced_at is null and l.expires_at < helve_now() and r.id <> $1
  returning r.id`,
};

/** Takes over from replicas whose lease has run out: waits for their writes under way and stops the later ones. */
export async function fenceExpiredReplicas(db: Db, replicaId: ReplicaId): Promise<ReplicaId[]> {
  return (await db.query<{ id: ReplicaId }>(FENCE_EXPIRED, [replicaId])).map((row) => row.id);
}

const STOP_REPLICA: Statement = {
  name: "stop_replica",
  text: `update replica set fenced_at = helve_now() where id = $1 and fenced_at is null`,
};

/** Says goodbye: others need not wait for the lease. Also fences a replica that is known to be dead. */
export async function stopReplica(db: Db, replicaId: ReplicaId): Promise<void> {
  await db.query(STOP_REPLICA, [replicaId]);
}

const LIST_ORPHANED_WORKERS: Statement = {
  name: "list_orphaned_workers",
  text: /* sql */ `
  select distinct t.worker_id as id, r.id is not distinct from $1 as "wasHere",
         coalesce(w.runtime ->> 'extra' = '${NATIVE_RUNTIME}', false) as "isNative"
    from task_run t join worker w on w.id = t.worker_id left join replica r on r.id = w.replica_id
   where t.status = 'assigned' and (r.id is null or r.fenced_at is not null or r.id = $1)`,
};

/** A worker that has tasks in hand. */
export interface PossibleOrphan {
  id: Uuid;
  /** Whether its last session was, or is, at the replica that asks: only that one knows. Else its replica is gone. */
  wasHere: boolean;
  /** It speaks the native protocol. */
  isNative: boolean;
}

/** Workers with tasks in hand whose replica is gone, and those of this one. Reads the hot table. */
export async function listOrphanedWorkers(db: Db, replicaId: ReplicaId): Promise<PossibleOrphan[]> {
  return db.query<PossibleOrphan>(LIST_ORPHANED_WORKERS, [replicaId]);
}

const FENCE_OTHERS: Statement = {
  name: "fence_other_replicas",
  text: `update replica set fenced_at = helve_now() where id <> $1 and fenced_at is null returning id`,
};

/** Takes over from every other replica at once: none of them can be alive. */
export async function fenceOtherReplicas(db: Db, replicaId: ReplicaId): Promise<ReplicaId[]> {
  return (await db.query<{ id: ReplicaId }>(FENCE_OTHERS, [replicaId])).map((row) => row.id);
}
