import { newRunId, type RunId, type TaskRunId, type Uuid, type WorkerId } from "@helve/core";
import { type Database, findViolations } from "@helve/store";
import type { AssignedTask, Report, TriggerRequest } from "../api.ts";
import { attemptKey } from "../sessions/session.ts";
import { type Fault, FaultyDatabase } from "../testing/faulty-database.ts";
import type { TestCluster, TestEngine } from "../testing/test-engine.ts";
import { TestWorker } from "../testing/test-worker.ts";

const SLOTS = 3;
/** Only a broken engine takes this long to end what is left. */
const PATIENCE_MS = 15_000;
/** Longer than a worker may be silent about what it is said to hold, and than one may be missed. */
const SILENCE_MS = 31_000;

/** A statement of an engine, counted from 1, and the side of it on which the engine's process ends. */
export interface CrashPoint {
  n: number;
  fault: Exclude<Fault, "undone">;
}

/**
 * Ours says all that it holds when it returns, and when the code of an attempt that was given up has ended; published ones
 * say neither.
 */
export type WorkerKind = "native" | "published";

type Ending = Pick<Extract<Report, { outcome: "succeeded" }>, "outcome" | "output"> | FailureReport;
type FailureReport = Pick<Extract<Report, { outcome: "failed" }>, "outcome" | "error" | "isRetryable">;

/** @returns what follows if the answer is heard */
type Question = (engine: TestEngine) => Promise<() => void>;

/**
 * One engine after the other on one database, each dying at the statement that was chosen, beside programs and a worker
 * that live on. What has had no answer when the engine dies is asked again of the next one, as clients do.
 */
export class CrashStage {
  readonly #cluster: TestCluster;
  #engine: TestEngine | undefined;
  #db: FaultyDatabase | undefined;
  readonly #unanswered = new Set<Question>();
  #kind: WorkerKind = "native";
  #workerId: WorkerId | undefined;
  #worker: TestWorker | undefined;
  #slots = 0;
  #readers: (() => void)[] = [];
  #onDied: (statement: string) => void = () => {};
  /** Resolves when the engine dies at the chosen statement, with its name. */
  died: Promise<string> = new Promise(() => {});
  /** Runs of whose start, or new start, the program was told. */
  acknowledged: RunId[] = [];
  /** Every hand-out to a worker since the curtain rose, in order. */
  sent: AssignedTask[] = [];
  /** What the worker's code is at, by attempt. */
  held: Map<string, AssignedTask> = new Map();

  constructor(cluster: TestCluster) {
    this.#cluster = cluster;
  }

  get engine(): TestEngine {
    return this.#engine as TestEngine;
  }

  get hasDied(): boolean {
    return this.#db?.isDead ?? false;
  }

  /** Begins anew with the engine that lives. */
  async raise(kind: WorkerKind): Promise<void> {
    Object.assign(this, { acknowledged: [], sent: [], held: new Map() });
    this.died = new Promise((resolve) => {
      this.#onDied = resolve;
    });
    this.#unanswered.clear();
    this.#kind = kind;
    this.#workerId = undefined;
    this.#slots = 0;
  }

  /** The engine dies at this statement, counted from now. */
  arm(point: CrashPoint): void {
    this.#arm(this.#db as FaultyDatabase, point);
  }

  /** What was to happen did not come to it. */
  disarm(): void {
    this.#db?.spare();
  }

  /** The process of the engine ends, if it has not; nothing that it was about to say is heard. */
  kill(): void {
    this.#db?.die();
    // What is left of it in this process; the cluster waits for that in the end.
    void this.#engine?.stop();
    this.#engine = undefined;
  }

  /** Starts the next engine on the same database, one that may die at a statement of its own. */
  async start(point?: CrashPoint): Promise<void> {
    const wrap = (real: Database) => {
      const db = new FaultyDatabase(real);
      this.#db = db;
      if (point) this.#arm(db, point);
      return db;
    };
    this.#engine = await this.#cluster.start({ isAlone: true, maxConnections: 3, wrap });
  }

  #arm(db: FaultyDatabase, { n, fault }: CrashPoint): void {
    void db.failAt(n, fault, { isLasting: true }).then(() => this.#onDied(db.failedAt as string));
  }

  /** A fresh engine; the worker returns to it, and what had no answer is asked again. */
  async recover(): Promise<void> {
    this.kill();
    await this.start();
    if (this.#slots > 0) await this.#listen();
    for (const question of [...this.#unanswered]) await this.#ask(question);
  }

  async trigger(workflow: string, count = 1): Promise<void> {
    const requests = Array.from({ length: count }, () => ({ workflow, input: "{}", metadata: "" }));
    await this.#start(requests);
  }

  /** As a client does whose stream broke before it was told of a run. */
  async triggerAgain(workflow: string): Promise<void> {
    await this.#start([{ workflow, input: "{}", metadata: "", runId: newRunId(), isRepeated: true }]);
  }

  async triggerChild(workflow: string, parentTaskId: TaskRunId): Promise<void> {
    const request = { workflow, input: "{}", metadata: "", parentTaskId, childIndex: 0, childKey: "the child" };
    await this.#start([request]);
  }

  async report({ id, attempt }: AssignedTask, ending: Ending): Promise<void> {
    await this.#ask(async ({ engine, tenantId }) => {
      const [answer] = await engine.report(tenantId, [{ taskId: id, attempt, ...ending }]);
      if (answer === "unknown") throw new Error(`nobody knows task ${id}`);
      return () => void this.held.delete(attemptKey(id, attempt));
    });
  }

  async cancel(id: RunId): Promise<void> {
    await this.#ask(async ({ engine, tenantId }) => {
      await engine.cancel(tenantId, [id], "enough");
      return () => {};
    });
  }

  async pauseForAMoment(workflow: string): Promise<void> {
    await this.#ask(async ({ engine, tenantId, query }) => {
      const [row] = await query<{ id: Uuid }>("select id from workflow where name = $1", [workflow]);
      const { id } = row as { id: Uuid };
      await engine.pauseWorkflow(tenantId, id, { ttlMs: null, cronRuns: "queue", scheduledRuns: "queue" });
      await engine.resumeWorkflow(tenantId, id);
      return () => {};
    });
  }

  async replay(id: RunId | TaskRunId): Promise<void> {
    await this.#ask(async ({ engine, tenantId }) => {
      await engine.replay(tenantId, [id]);
      return () => {};
    });
  }

  /** A worker comes. */
  async connect(slots: number = SLOTS): Promise<void> {
    this.#slots = slots;
    await this.#listen();
  }

  /** The worker's process ends with what it has in hand, and another one comes in its place. */
  replaceWorker(): void {
    this.#worker?.die(this.engine.engine);
    this.#workerId = undefined;
    this.held.clear();
  }

  /** The n-th hand-out of this case, from 1. */
  async received(n: number): Promise<AssignedTask> {
    while (this.sent.length < n) await new Promise<void>((resolve) => this.#readers.push(resolve));
    return this.sent[n - 1] as AssignedTask;
  }

  /** The n-th hand-out, of what a worker had that does not come back. */
  async missed(n: number): Promise<void> {
    while (this.sent.length < n && !this.hasDied) {
      await this.wait();
      await pause(20);
    }
  }

  /** Time passes by the database's clock. */
  jump(ms: number): Promise<void> {
    return this.#cluster.clock.jump(ms);
  }

  /** Time passes in silence. */
  async wait(): Promise<void> {
    this.#cluster.clock.wait(SILENCE_MS);
    // Whoever looks at moments of the database's clock looks again.
    await this.jump(10_000);
  }

  /** The worker does all that is left to do, and everything has ended. */
  async finish(): Promise<void> {
    if (this.#slots === 0) await this.connect();
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (let looks = 1; ; looks++) {
      for (const task of [...this.held.values()]) await this.report(task, { outcome: "succeeded", output: "{}" });
      const left = await this.engine.query<{ id: string }>(
        "select id || ' ' || status as id from task_run union all select 'run ' || id from workflow_run",
      );
      if (left.length === 0) return;
      if (performance.now() > giveUpAt) throw new Error(`never ended: ${left.map(({ id }) => id).join(", ")}`);
      if (looks % 4 === 0) await this.wait();
      await pause(2);
    }
  }

  /** How every run that is stored has ended, by id. */
  async ended(): Promise<Map<RunId, { status: string; attempt: number }>> {
    const rows = await this.engine.query<{ id: RunId; status: string; attempt: number }>(
      `select id, status::text, attempt from task_run_history where right(id::text, 4) = '0000'
       union all select id, status::text, 0 from workflow_run_history`,
    );
    return new Map(rows.map(({ id, ...run }) => [id, run]));
  }

  /** Looks for what should not be: promises broken, one attempt given out twice, a slot that nobody gave back. */
  async audit(): Promise<void> {
    const violations = await findViolations(this.engine.db);
    if (violations.length > 0) throw new Error(`promises broken: ${JSON.stringify(violations)}`);
    const attempts = this.sent.map(({ id, attempt }) => attemptKey(id, attempt));
    const again = attempts.find((key, index) => attempts.indexOf(key) !== index);
    if (again) throw new Error(`attempt ${again} was given out twice`);
    const before = this.sent.length;
    await this.trigger("plain", this.#slots);
    await within(PATIENCE_MS, "a slot was not given back", this.received(before + this.#slots));
    await this.finish();
  }

  /** Takes everything away but the workflows. */
  async clear(): Promise<void> {
    this.#worker?.die(this.engine.engine);
    // Sessions without connections are dropped after a moment.
    this.#cluster.clock.wait(2000);
    await this.jump(-this.#cluster.clock.offsetMs);
    for (const table of ["task_run_history", "workflow_run_history", "task_event", "child_run"]) {
      await this.engine.query(`delete from ${table}`);
    }
  }

  async #ask(question: Question): Promise<void> {
    this.#unanswered.add(question);
    const db = this.#db;
    const heard = await question(this.engine);
    if (db !== this.#db || db?.isDead) return;
    this.#unanswered.delete(question);
    heard();
  }

  #start(requests: readonly TriggerRequest[]): Promise<void> {
    return this.#ask(async ({ engine, tenantId }) => {
      const runIds = await engine.triggerRuns(tenantId, requests);
      return () => void this.acknowledged.push(...runIds);
    });
  }

  async #listen(): Promise<void> {
    const { engine, tenantId } = this.engine;
    const isReturning = this.#workerId !== undefined;
    const worker = { name: "worker", actions: ACTIONS, slots: { default: this.#slots }, labels: {}, runtime: {} };
    this.#workerId ??= await engine.registerWorker(tenantId, worker);
    this.#worker = new TestWorker(engine, tenantId, this.#workerId, (task) => this.#take(task));
    const holding = [...this.held.values()].map(({ id, attempt }) => ({ taskId: id, attempt }));
    const ofKind = this.#kind === "published" ? { abandonedSlotMs: 10 } : isReturning ? { holding } : {};
    const { lost } = await this.#worker.listen(ofKind);
    for (const { taskId, attempt } of lost) this.held.delete(attemptKey(taskId, attempt));
  }

  #take(task: AssignedTask): void {
    this.sent.push(task);
    this.held.set(attemptKey(task.id, task.attempt), task);
    for (const read of this.#readers.splice(0)) read();
  }
}

/** Everything that the workflows of these tests ask of a worker. */
const ACTIONS: readonly string[] = ["work:plain", "work:patient", "work:a", "work:b", "work:c", "work:d", "work:hook"];

/** Lets the engine get on. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function within<Result>(ms: number, otherwise: string, promise: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(otherwise)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
