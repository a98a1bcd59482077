import { defineWorkflow, newId, type RunId, type TenantId, type WorkflowRegistration } from "@helve/core";
import { type AssignedTask, createEngine, type Engine, type OpenStream, type TriggerRequest } from "@helve/engine";
// biome-ignore lint/style/noRestrictedImports: what main.ts wires, wired for tests
import { type Database, openDatabase, putTenant } from "@helve/store";
// biome-ignore lint/style/noRestrictedImports: as above
import { openReading } from "@helve/store/reading";
// biome-ignore lint/style/noRestrictedImports: as above
import { freshDatabase } from "@helve/store/testing";
import pino from "pino";
import { ownTokens } from "../../testing/tokens-of-all-kinds.ts";
import { restServer } from "../index.ts";

/** What came back: the body parsed if it is JSON, and as text. */
export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into bodies of every shape
  body: any;
  text: string;
  headers: Headers;
}

/** Who calls, and what deviates from an ordinary request. */
export interface RequestOptions {
  /** @default the tenant's; null: none */
  token?: string | null;
  headers?: Record<string, string>;
  body?: unknown;
}

/** A worker by hand: takes tasks one at a time and ends them as the test says. */
export interface RestWorker {
  id: string;
  next(): Promise<AssignedTask>;
  succeed(task: AssignedTask, output?: string): Promise<void>;
  fail(task: AssignedTask, error?: string): Promise<void>;
  started(task: AssignedTask): Promise<void>;
  leave(): void;
}

/** The REST API over a real port, in front of a real engine on a database of its own. */
export interface RestFixture {
  url: string;
  db: Database;
  engine: Engine;
  tenantId: TenantId;
  otherTenantId: TenantId;
  call(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  get(path: string, options?: RequestOptions): Promise<Answer>;
  post(path: string, body?: unknown, options?: RequestOptions): Promise<Answer>;
  put(registration: WorkflowRegistration): Promise<{ workflowId: string; versionId: string }>;
  run(workflow: string, request?: Partial<TriggerRequest>): Promise<RunId>;
  ended(runId: RunId): Promise<void>;
  worker(actions: string[], slots?: number): Promise<RestWorker>;
  close(): Promise<void>;
}

export const TOKEN = "token-of-the-tenant";
export const OTHER_TOKEN = "token-of-another";

export async function restFixture(): Promise<RestFixture> {
  const database = await freshDatabase();
  const url = database.url;
  const db = openDatabase({ url, maxConnections: 4, applicationName: "rest-test", keyedAccess: true });
  const readingDb = openDatabase({ url, maxConnections: 4, applicationName: "rest-test-reading" });
  const tenant = await putTenant(db, { id: newId(), name: "Test", slug: "test" });
  const other = await putTenant(db, { id: newId(), name: "Other", slug: "other" });
  const tenants = new Map([
    [`Bearer ${TOKEN}`, tenant.id],
    [`Bearer ${OTHER_TOKEN}`, other.id],
  ]);
  const ignore = () => {};
  const observer = {
    workerConnected: ignore,
    workerLost: ignore,
    workerQuarantined: ignore,
    lateReport: ignore,
    replicasTakenOver: ignore,
    fenced: ignore,
    violated: ignore,
    snapshotHeld: ignore,
    failed: ignore,
  };
  const engine = createEngine({ db, directUrl: url, name: "rest-test", isAlone: true, observer });
  await engine.start();
  const app = restServer({
    engine,
    reading: openReading(readingDb, db),
    authenticate: async (header) => {
      const tenantId = tenants.get(header ?? "");
      return tenantId === undefined ? undefined : { tenantId, tokenId: tenantId, scope: "admin" };
    },
    tokens: await ownTokens(db),
    version: "0.0.0-test",
    serverUrl: () => base,
    log: pino({ level: "silent" }),
  });
  const base = await app.listen({ host: "127.0.0.1", port: 0 });

  const call: RestFixture["call"] = async (method, path, { token = TOKEN, headers = {}, body } = {}) => {
    const answer = await fetch(base + path, {
      method,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get("content-type")?.includes("json") ?? false;
    return { status: answer.status, body: isJson ? JSON.parse(text) : text, text, headers: answer.headers };
  };

  return {
    url: base,
    db,
    engine,
    tenantId: tenant.id,
    otherTenantId: other.id,
    call,
    get: (path, options) => call("GET", path, options),
    post: (path, body, options) => call("POST", path, { body, ...options }),
    put: (registration) => engine.putWorkflow(tenant.id, defineWorkflow(registration)),
    async run(workflow, request = {}) {
      const [id] = await engine.triggerRuns(tenant.id, [{ workflow, input: "{}", metadata: "", ...request }]);
      return id as RunId;
    },
    ended: (runId) => new Promise((resolve) => void engine.onRunEnded(tenant.id, [runId], () => resolve())),
    worker: (actions, slots = 10) => restWorker(engine, tenant.id, actions, slots),
    async close() {
      await app.close();
      await engine.stop();
      await Promise.all([db.close(), readingDb.close()]);
      await database.drop();
    },
  };
}

async function restWorker(engine: Engine, tenantId: TenantId, actions: string[], slots: number): Promise<RestWorker> {
  const id = await engine.registerWorker(tenantId, {
    name: "test-worker",
    actions,
    slots: { default: slots },
    labels: { region: "eu", memory: 256 },
    runtime: { language: "TYPESCRIPT", sdkVersion: "1.0.0" },
  });
  const unread: AssignedTask[] = [];
  const readers: ((task: AssignedTask) => void)[] = [];
  const assign = (tasks: readonly AssignedTask[]) => {
    for (const task of tasks) {
      const read = readers.shift();
      if (read) read(task);
      else unread.push(task);
    }
  };
  const stream: OpenStream = await engine.openStream(
    tenantId,
    id,
    { assign, cancel: () => {}, close: () => {} },
    { connection: id, isItsOwnHeartbeat: true },
  );
  const report = async (task: AssignedTask, ending: object) => {
    await engine.report(tenantId, [{ taskId: task.id, attempt: task.attempt, ...ending } as never]);
  };
  return {
    id,
    next: async () => unread.shift() ?? new Promise((resolve) => readers.push(resolve)),
    succeed: (task, output = '{"ok":true}') => report(task, { outcome: "succeeded", output }),
    fail: (task, error = "boom") => report(task, { outcome: "failed", error, isRetryable: true }),
    started: (task) => report(task, { outcome: "started" }),
    leave: () => stream.closed("goodbye"),
  };
}
