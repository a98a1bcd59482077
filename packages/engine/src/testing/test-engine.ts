import {
  defineWorkflow,
  newId,
  type RunId,
  type TaskRunId,
  type TenantId,
  type WorkflowRegistration,
} from "@helve/core";
import { type Database, findViolations, openDatabase, putTenant, type Statement, type Violation } from "@helve/store";
import { type FreshDatabase, freshDatabase } from "@helve/store/testing";
import { type AssignedTask, createEngine, type Engine, type RunResult, type TriggerRequest } from "../index.ts";
import type { Observer } from "../observer.ts";
import { TestClock, withClock } from "./test-clock.ts";
import { TestWorker, type TestWorkerOptions } from "./test-worker.ts";

/** What observers heard, for tests that wait for it or look at it afterwards. */
export type Heard = { [Event in keyof Observer]: Parameters<Observer[Event]>[] };

/** A real engine on a database of its own. */
export interface TestEngine {
  engine: Engine;
  db: Database;
  tenantId: TenantId;
  heard: Heard;
  put(registration: WorkflowRegistration): Promise<void>;
  worker(options: TestWorkerOptions): Promise<TestWorker>;
  run(workflow: string, request?: Partial<TriggerRequest>): Promise<RunId>;
  /** The first hand-out of a task to a worker that was made here. */
  taken(taskId: TaskRunId): Promise<AssignedTask>;
  /** How a run has ended. */
  ended(runId: RunId): Promise<RunResult>;
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Kinds of the events stored for a task, with their attempt. */
  events(taskId: TaskRunId): Promise<string[]>;
  /** Stops this engine and keeps the database. */
  stop(): Promise<void>;
}

export interface TestCluster {
  url: string;
  /** Of the database as the engines see it, and of the engines. */
  clock: TestClock;
  /** @param wrap puts something between the engine and its database */
  start(options?: StartOptions): Promise<TestEngine>;
  /** What breaks the promises now. */
  audit(): Promise<Violation[]>;
  /** Ends every engine, looks whether what it leaves keeps the promises, and drops the database. */
  end(): Promise<void>;
}

interface StartOptions {
  isAlone?: boolean;
  natsUrl?: string;
  /** Fewer make an engine that does little start sooner. @default 8 */
  maxConnections?: number;
  /** The lease is renewed on a connection of its own, as in a server. @default false */
  hasLeaseDb?: boolean;
  /** The last migration that it knows. */
  schema?: number;
  wrap?: (db: Database) => Database;
}

/** A database on which a test may start engines, one or several. */
export async function testCluster(): Promise<TestCluster> {
  const database: FreshDatabase = await freshDatabase();
  const started: TestEngine[] = [];
  const tenantId = newId();
  const clock = new TestClock();
  async function audit(): Promise<Violation[]> {
    const db = openDatabase({ url: database.url, maxConnections: 1, applicationName: "audit" });
    return findViolations(withClock(db, clock)).finally(() => db.close());
  }
  return {
    url: database.url,
    clock,
    audit,
    async start(options = {}) {
      const name = `engine-${started.length + 1}`;
      const one = await startEngine({ ...options, url: database.url, tenantId, name, clock });
      started.push(one);
      return one;
    },
    async end() {
      for (const one of started) await one.stop();
      const violations = await audit();
      await database.drop();
      if (violations.length > 0) throw new Error(`promises broken: ${JSON.stringify(violations)}`);
    },
  };
}

async function startEngine({
  url,
  tenantId,
  name,
  clock,
  isAlone = false,
  natsUrl,
  maxConnections = 8,
  hasLeaseDb = false,
  schema,
  wrap = (db) => db,
}: StartOptions & { url: string; tenantId: TenantId; name: string; clock: TestClock }): Promise<TestEngine> {
  const open = (maxConnections: number) =>
    withClock(openDatabase({ url, maxConnections, applicationName: name, keyedAccess: true }), clock);
  const db = wrap(open(maxConnections));
  const leaseDb = hasLeaseDb ? open(1) : db;
  const heard = emptyHeard();
  const observer = Object.fromEntries(
    Object.entries(heard).map(([event, list]) => [
      event,
      (...args: unknown[]) => void (list as unknown[][]).push(args),
    ]),
  ) as unknown as Observer;
  const engine = createEngine({
    db,
    leaseDb,
    directUrl: url,
    natsUrl,
    name,
    isAlone,
    observer,
    clock,
    ...(schema && { schema }),
  });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= engine
      .stop()
      .finally(() => Promise.all([db, ...(hasLeaseDb ? [leaseDb] : [])].map((it) => it.close())));
    return stopped;
  };
  try {
    await putTenant(db, { id: tenantId, name: "test", slug: "test" });
    await engine.start();
  } catch (error) {
    await stop();
    throw error;
  }
  const arrivals = new Map<TaskRunId, Arrival>();
  const taken = (taskId: TaskRunId): Arrival => {
    const arrival = arrivals.get(taskId) ?? newArrival();
    arrivals.set(taskId, arrival);
    return arrival;
  };
  const query = <Row extends object>(text: string, values: unknown[] = []) =>
    db.query<Row>({ name: "", text } satisfies Statement, values);
  return {
    engine,
    db,
    tenantId,
    heard,
    query,
    put: async (registration) => void (await engine.putWorkflow(tenantId, defineWorkflow(registration))),
    worker: (options) =>
      TestWorker.connect(engine, tenantId, { onTask: (task) => taken(task.id).resolve(task), ...options }),
    taken: (taskId) => taken(taskId).promise,
    async run(workflow, request = {}) {
      const [id] = await engine.triggerRuns(tenantId, [{ workflow, input: "{}", metadata: "", ...request }]);
      return id as RunId;
    },
    ended: (runId) => new Promise((resolve) => engine.onRunEnded(tenantId, [runId], resolve)),
    async events(taskId) {
      const rows = await query<{ event: string }>(
        "select kind || ' ' || attempt as event from task_event where task_id = $1 order by id",
        [taskId],
      );
      return rows.map((row) => row.event);
    },
    stop,
  };
}

interface Arrival {
  promise: Promise<AssignedTask>;
  resolve(task: AssignedTask): void;
}

function newArrival(): Arrival {
  let resolve: Arrival["resolve"] = () => {};
  const promise = new Promise<AssignedTask>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function emptyHeard(): Heard {
  return {
    workerConnected: [],
    workerLost: [],
    workerQuarantined: [],
    lateReport: [],
    replicasTakenOver: [],
    fenced: [],
    violated: [],
    snapshotHeld: [],
    failed: [],
  };
}
