import {
  claimTaskRuns,
  type Database,
  finishTaskRuns,
  insertTaskRuns,
  type NewTaskRun,
  openDatabase,
  type ReplicaId,
  startReplica,
} from "@helve/store";
import { batches, newRowOwner, type RowOwner, successes, taskRuns } from "./rows.ts";

const BATCH = 500;
const CONNECTIONS = 2;
const LEASE_MS = 60 * 60 * 1000;

/** Tasks per second of the statements alone. */
export interface Floor {
  /** Stored in the line, claimed, finished. */
  backlogPerSecond: number;
  /** Stored as assigned, finished. */
  bornAssignedPerSecond: number;
  /** Tasks handled by these runs, for the look into the database. */
  tasks: number;
}

/**
 * The floor under the engine: its own statements, on two connections, in batches of 500, with nobody deciding, encoding or
 * listening. No engine can be faster than this on the same machine; how near it comes tells what it costs itself.
 *
 * @param count tasks of each of the two runs
 */
export async function sqlFloor(databaseUrl: string, count: number): Promise<Floor> {
  const db = openDatabase({
    url: databaseUrl,
    maxConnections: CONNECTIONS,
    applicationName: "bench-floor",
    keyedAccess: true,
  });
  try {
    const replicaId = await startReplica(db, "bench", LEASE_MS);
    const owner = newRowOwner();
    // Both connections have parsed and planned every statement before the clock runs.
    await backlog(db, replicaId, owner, taskRuns(owner, 4 * BATCH, "queued"));
    await bornAssigned(db, replicaId, taskRuns(owner, 4 * BATCH, "assigned"));
    const queued = taskRuns(owner, count, "queued");
    const backlogMs = await timed(() => backlog(db, replicaId, owner, queued));
    const assigned = taskRuns(owner, count, "assigned");
    const bornAssignedMs = await timed(() => bornAssigned(db, replicaId, assigned));
    return {
      backlogPerSecond: (count / backlogMs) * 1000,
      bornAssignedPerSecond: (count / bornAssignedMs) * 1000,
      tasks: 2 * count + 8 * BATCH,
    };
  } finally {
    await db.close();
  }
}

async function backlog(db: Database, replicaId: ReplicaId, owner: RowOwner, rows: NewTaskRun[]): Promise<void> {
  await onEachConnection(batches(rows, BATCH), (batch) => insertTaskRuns(db, replicaId, batch));
  const workerIds = Array.from({ length: BATCH }, () => owner.workerId);
  const drain = async (): Promise<void> => {
    for (;;) {
      const claimed = await claimTaskRuns(db, replicaId, [
        { routeId: owner.routeId, tenantId: owner.tenantId, workerIds },
      ]);
      if (claimed.length === 0) return;
      await finishTaskRuns(db, replicaId, successes(claimed));
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, drain));
}

async function bornAssigned(db: Database, replicaId: ReplicaId, rows: NewTaskRun[]): Promise<void> {
  await onEachConnection(batches(rows, BATCH), async (batch) => {
    await insertTaskRuns(db, replicaId, batch);
    await finishTaskRuns(db, replicaId, successes(batch));
  });
}

async function onEachConnection<Item>(items: Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  const queue = items.values();
  const lane = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
