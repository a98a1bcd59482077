import { newId, newRunId, type TaskDefinition, taskIdOf, type Uuid, type WorkflowDefinition } from "@helve/core";
import { type Database, openDatabase } from "../db.ts";
import { startReplica } from "../replicas/replicas.ts";
import { insertTaskRuns, type NewTaskRun } from "../task-runs/insert-task-runs.ts";
import { type Ending, endTaskRuns } from "../task-runs/settle-task-runs.ts";
import { putTenant } from "../tenants/tenants.ts";
import { freshDatabase } from "../testing/index.ts";
import { insertWorkflowRuns, recordProgress } from "../workflow-runs/workflow-runs.ts";
import { putRoutes } from "../workflows/routes.ts";
import { putVersion, type WorkflowVersionRow } from "../workflows/workflows.ts";
import { openReading, type Reading } from "./index.ts";

/** A registered workflow, ready to have runs stored. */
export interface StoredWorkflow {
  version: WorkflowVersionRow;
  routeId: number;
}

/** How a stored run came about; what is left out is ordinary. */
export interface RunOptions {
  atMs?: number;
  status?: "queued" | "assigned" | "waiting";
  workerId?: Uuid;
  metadata?: string;
  input?: string;
  parentTaskId?: Uuid;
}

/** A database of its own with one tenant, whose rows are written by the statements of the engine. For tests. */
export interface ReadingFixture {
  url: string;
  db: Database;
  reading: Reading;
  tenantId: Uuid;
  otherTenant(): Promise<Uuid>;
  workflow(name: string, tasks?: Record<string, string[]>, tenantId?: Uuid): Promise<StoredWorkflow>;
  /** A run of one task. */
  standalone(workflow: StoredWorkflow, options?: RunOptions): Promise<Uuid>;
  /** A run of all tasks of a workflow, the ones without parents queued. */
  dag(workflow: StoredWorkflow, options?: RunOptions): Promise<Uuid>;
  end(id: Uuid, status: Ending["status"], payload?: Partial<Ending>): Promise<void>;
  endRun(id: Uuid, status: "succeeded" | "failed" | "cancelled"): Promise<void>;
  drop(): Promise<void>;
}

export async function readingFixture(): Promise<ReadingFixture> {
  const database = await freshDatabase();
  const db = openDatabase({ url: database.url, maxConnections: 2, applicationName: "reading-test" });
  const replicaId = await startReplica(db, "test", 600_000);
  const tenantId = (await putTenant(db, { id: newId(), name: "test", slug: "test" })).id;

  const row = (workflow: StoredWorkflow, id: Uuid, options: RunOptions): NewTaskRun => ({
    id,
    tenantId: workflow.version.tenantId,
    versionId: workflow.version.id,
    routeId: workflow.routeId,
    status: options.status ?? "queued",
    priority: 1,
    rank: 3,
    pendingParents: options.status === "waiting" ? 1 : 0,
    scheduleTimeoutMs: 60_000,
    executionTimeoutMs: 60_000,
    workerId: options.status === "assigned" ? (options.workerId ?? newId()) : null,
    parentTaskId: options.parentTaskId ?? null,
    childIndex: null,
    childKey: null,
    input: options.input ?? "{}",
    metadata: options.metadata ?? "{}",
  });

  return {
    url: database.url,
    db,
    reading: openReading(db),
    tenantId,
    otherTenant: async () => (await putTenant(db, { id: newId(), name: "other", slug: newId() })).id,

    async workflow(name, tasks = { only: [] }, ofTenant = tenantId) {
      const definition: WorkflowDefinition = {
        name,
        description: "",
        tasks: Object.entries(tasks).map(([readableId, parents]) => task(name, readableId, parents)),
        eventTriggers: [],
        cronTriggers: [],
        concurrency: [],
        defaultFilters: [],
      };
      const version = await putVersion(db, {
        workflowId: newId(),
        versionId: newRunId(),
        tenantId: ofTenant,
        checksum: newId(),
        definition,
      });
      const routes = await putRoutes(db, ofTenant, [
        { action: `${name}:run`, slots: '{"default":1}', placement: "", keepMs: null },
      ]);
      return { version, routeId: routes[0]?.id as number };
    },

    async standalone(workflow, options = {}) {
      const id = newRunId(options.atMs);
      await insertTaskRuns(db, replicaId, [row(workflow, id, options)]);
      return id;
    },

    async dag(workflow, options = {}) {
      const { definition, id: versionId, tenantId: ofTenant } = workflow.version;
      const id = newRunId(options.atMs);
      const tasks = definition.tasks.map(({ parents }, index) => ({
        ...row(workflow, taskIdOf(id, index + 1), parents.length > 0 ? { status: "waiting" } : {}),
        input: null,
        metadata: null,
      }));
      await db.transaction(async (tx) => {
        await insertWorkflowRuns(tx, [
          {
            id,
            tenantId: ofTenant,
            versionId,
            priority: 1,
            remaining: tasks.length,
            parentTaskId: options.parentTaskId ?? null,
            childIndex: null,
            childKey: null,
            input: options.input ?? "{}",
            metadata: options.metadata ?? "{}",
          },
        ]);
        await insertTaskRuns(tx, replicaId, tasks);
      });
      return id;
    },

    async end(id, status, payload = {}) {
      await endTaskRuns(db, [{ id, status, output: null, error: null, startedAtMs: null, ...payload }]);
    },
    async endRun(id, status) {
      await recordProgress(db, [{ id, remaining: 0, failed: 0, cancelled: 0, status }]);
    },
    async drop() {
      await db.close();
      await database.drop();
    },
  };
}

function task(workflow: string, readableId: string, parents: string[]): TaskDefinition {
  return {
    readableId,
    action: `${workflow}:${readableId}`,
    parents,
    executionTimeoutMs: 60_000,
    scheduleTimeoutMs: 60_000,
    retries: 0,
    isDurable: false,
    slotRequests: { default: 1 },
    workerLabels: [],
    concurrency: [],
    rateLimits: [],
  };
}
