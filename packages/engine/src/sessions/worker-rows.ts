import type { TenantId, WorkerId } from "@helve/core";
import {
  closeWorkerSessions,
  type Database,
  getWorkers,
  insertWorkers,
  listRoutes,
  type NewWorker,
  type OpenedWorker,
  openWorkerSessions,
  type ReplicaId,
  type SessionKey,
  type WorkerKey,
  type WorkerRow,
} from "@helve/store";
import { Batcher } from "../batcher.ts";
import type { Routes } from "../dispatcher/routes.ts";

/** Workers of one statement: as many rows as are locked at a time when a thousand come together. */
const MAX_WORKERS = 200;

export interface WorkerRowsDeps {
  db: Database;
  replicaId: () => ReplicaId;
  routes: Routes;
}

/**
 * The rows of workers that come and go. A thousand come back in the same second when their engine was started again, and go
 * when a network breaks: what one of them asks for while the last commit runs goes into the next, so that together they
 * take a connection for each kind of statement and leave the others to the work.
 */
export class WorkerRows {
  readonly #inserts: Batcher<NewWorker, void>;
  readonly #reads: Batcher<WorkerKey, WorkerRow | undefined>;
  readonly #opens: Batcher<WorkerKey, OpenedWorker | undefined>;
  readonly #closes: Batcher<SessionKey, boolean>;

  constructor({ db, replicaId, routes }: WorkerRowsDeps) {
    const inTurn = { maxWeight: MAX_WORKERS, lanes: 1 };
    this.#inserts = new Batcher({
      ...inTurn,
      write: async (workers) => {
        await insertWorkers(db, workers);
        return workers.map(() => undefined);
      },
    });
    this.#reads = new Batcher({ ...inTurn, write: async (keys) => inOrder(keys, await getWorkers(db, keys)) });
    this.#opens = new Batcher({
      ...inTurn,
      write: async (keys) => {
        const rows = await openWorkerSessions(db, keys, replicaId());
        for (const route of await listRoutes(db, actionsOf(rows))) routes.get(route);
        return inOrder(keys, rows);
      },
    });
    this.#closes = new Batcher({
      ...inTurn,
      write: async (sessions) => {
        const closed = new Set((await closeWorkerSessions(db, sessions)).map(sessionKey));
        return sessions.map((session) => closed.has(sessionKey(session)));
      },
    });
  }

  insert(worker: NewWorker): Promise<void> {
    return this.#inserts.add(worker);
  }

  /** Undefined when the tenant has no such worker. */
  get(tenantId: TenantId, id: WorkerId): Promise<WorkerRow | undefined> {
    return this.#reads.add({ tenantId, id });
  }

  /**
   * Binds a worker to this replica; the lines that it can serve are known then.
   *
   * @returns undefined when the tenant has no such worker
   */
  open(tenantId: TenantId, id: WorkerId): Promise<OpenedWorker | undefined> {
    return this.#opens.add({ tenantId, id });
  }

  /** Marks a worker as gone. @returns false when it has opened a newer session: then nothing changes */
  close(id: WorkerId, session: number): Promise<boolean> {
    return this.#closes.add({ id, session });
  }
}

function inOrder<Row extends WorkerRow>(keys: readonly WorkerKey[], rows: readonly Row[]): (Row | undefined)[] {
  const byKey = new Map(rows.map((row) => [workerKey(row), row]));
  return keys.map((key) => byKey.get(workerKey(key)));
}

/** Each action of these workers once; a fleet has few. */
function actionsOf(rows: readonly WorkerRow[]): { tenantId: TenantId; action: string }[] {
  const actions = rows.flatMap((row) => row.actions.map((action) => ({ tenantId: row.tenantId, action })));
  return [...new Map(actions.map((one) => [`${one.tenantId} ${one.action}`, one])).values()];
}

function workerKey({ tenantId, id }: WorkerKey): string {
  return `${tenantId} ${id}`;
}

function sessionKey({ id, session }: SessionKey): string {
  return `${id} ${session}`;
}
