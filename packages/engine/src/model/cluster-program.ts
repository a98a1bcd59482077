import { type RunId, type TaskRunId, taskIdOf, type WorkerId, type WorkflowDefinition } from "@helve/core";
import { lastIdOfRun } from "@helve/store";
import type { Engine, Report } from "../api.ts";
import type { TestCluster, TestEngine } from "../testing/test-engine.ts";
import { type Attempt, ModelWorkers } from "./model-workers.ts";
import { type Cancel, type Command, isTogether, type Report as ReportCommand } from "./program.ts";
import { isEnded, type ModelOutcome, type ModelRun, type ModelTask, ReferenceModel } from "./reference-model.ts";

const MINUTE_MS = 60_000;
/** Everything follows within milliseconds; only a broken engine takes this long. */
const PATIENCE_MS = 3000;
/** So many attempts are not handed out between two commands. */
const NEVER = 5;
/** One in so many take-overs takes place. */
const RARE = 4;

interface StoredTask {
  id: TaskRunId;
  status: string;
  attempt: number;
  failures: number;
  requeues: number;
  workerId: WorkerId | null;
}

interface Found {
  run: ModelRun;
  task: ModelTask;
  id: TaskRunId;
}

/**
 * A program on two replicas and one Postgres. After every command it waits until what is stored is what the reference
 * model says, every task in a worker's hands has reached that worker, and nobody stands in line who could be served. Which
 * tasks are handed out first, and to whom, the model learns from the engine.
 */
export class ClusterProgram {
  readonly #model = new ReferenceModel();
  readonly #cluster: TestCluster;
  readonly #engines: readonly TestEngine[];
  readonly #definitions: readonly WorkflowDefinition[];
  readonly #workers: ModelWorkers;
  readonly #runIds: RunId[] = [];
  /** Answers under way, each with what it should be. */
  #answers: Promise<void>[] = [];
  /** The replica that they are asked of. */
  #asked: Engine | undefined;
  #isBatch = false;

  constructor(cluster: TestCluster, engines: readonly TestEngine[], definitions: readonly WorkflowDefinition[]) {
    this.#cluster = cluster;
    this.#engines = engines;
    this.#definitions = definitions;
    const tasks = definitions.flatMap(({ tasks, onFailure }) => (onFailure ? [...tasks, onFailure] : tasks));
    this.#workers = new ModelWorkers(
      engines,
      tasks.map((task) => task.action),
    );
  }

  async run(commands: readonly Command[]): Promise<void> {
    const [one] = this.#engines as [TestEngine];
    for (const definition of this.#definitions) await one.engine.putWorkflow(one.tenantId, definition);
    try {
      for (const [index, command] of commands.entries()) {
        await this.#apply(command);
        if ("isTogether" in command && isTogether(commands[index + 1])) continue;
        await this.#answered();
        await this.#settled(`step ${index} (${JSON.stringify(command)})`);
      }
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${await this.#history()}`, { cause: error });
    } finally {
      await this.#end();
    }
    await this.#audit();
  }

  async #apply(command: Command): Promise<void> {
    switch (command.kind) {
      case "trigger": {
        const definition = this.#definitions[command.shape % this.#definitions.length] as WorkflowDefinition;
        const engine = this.#workers.engineAt(command.shape);
        const request = { workflow: definition.name, input: "{}", metadata: "" };
        const [id] = await engine.triggerRuns(this.#tenantId, [request]);
        this.#model.trigger(definition);
        this.#runIds.push(id as RunId);
        return;
      }
      case "report": {
        const found = this.#pick(command.pick, (task) => task.attempt > 0);
        return found && this.#report(found, command);
      }
      case "lose":
        for (const attempt of this.#workers.die(command.pick)) {
          const found = this.#find(attempt);
          if (found) this.#model.lose(found.run, found.task);
        }
        this.#cluster.clock.wait(2000);
        return;
      case "cancel task":
      case "cancel run":
        return this.#cancel(command);
      case "replay task":
      case "replay run":
        return this.#replay(command);
      case "jump":
        this.#model.jump(command.tens * 10 * MINUTE_MS);
        return this.#cluster.clock.jump(command.tens * 10 * MINUTE_MS);
      case "worker joins":
        return this.#workers.join(command.pick);
      case "worker moves":
        return this.#workers.move(command.pick, (attempt) => this.#find(attempt) !== undefined);
      case "worker pauses":
        return this.#workers.pause(command.pick);
      case "take over":
        return this.#takeOver(command.pick);
    }
  }

  /** One replica fences the other, which starts anew when it next renews its lease. */
  async #takeOver(pick: number): Promise<void> {
    // Seconds of a program that takes a tenth of one.
    if (pick % RARE !== 0) return;
    const index = (pick / RARE) % 2;
    const [fenced, other] = [this.#engines[index], this.#engines[1 - index]] as [TestEngine, TestEngine];
    const before = fenced.heard.fenced.length;
    const fence = "update replica set fenced_at = helve_now() where name = $1 and fenced_at is null";
    await other.query(fence, [`engine-${index + 1}`]);
    const isBack = () => fenced.engine.readiness().isReady && other.engine.status().lease.replicas === 2;
    while (fenced.heard.fenced.length === before || !isBack()) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await this.#workers.comeBackTo(fenced, pick >> 3, (attempt) => this.#find(attempt) !== undefined);
  }

  async #report({ run, task, id }: Found, { pick, back, outcome }: ReportCommand): Promise<void> {
    // The next attempt may be handed out before the report arrives.
    const attempt = back < 0 ? task.attempt + NEVER : task.attempt - back;
    // Standalone tasks that succeed have batches of their own, so that what comes together with them has no order.
    const isApart = task.number === 0 && outcome === "succeeded";
    if (isApart) await this.#answered();
    const engine = this.#workers.engineFor({ id, attempt }, pick);
    await this.#ask(engine, async () => {
      const expected = this.#model.report(run, task, attempt, outcome);
      const answer = await this.#workers.report(engine, reportOf(id, attempt, outcome));
      // A start is believed by whoever keeps the task, also a moment after its attempt was given up elsewhere.
      if (answer === expected || outcome === "started") return;
      // What came after it in its batch can make it look like a repetition.
      if (expected === "late" && this.#isBatch) return;
      throw new Error(`a report of ${outcome} for ${id}/${attempt} is answered ${answer} instead of ${expected}`);
    });
    if (isApart) await this.#answered();
  }

  /** Asks something together with what is under way, if that was asked of the same replica: two have no order. */
  async #ask(engine: Engine, question: () => Promise<void>): Promise<void> {
    if (this.#asked !== engine) await this.#answered();
    this.#asked = engine;
    this.#isBatch = this.#answers.length > 0;
    this.#answers.push(question());
  }

  async #cancel({ kind, pick }: Cancel): Promise<void> {
    const found = this.#pick(pick, () => true);
    if (!found) return;
    const isRun = kind === "cancel run";
    const id = isRun ? (this.#runIds[found.run.index] as RunId) : found.id;
    const engine = this.#workers.engineAt(pick);
    await this.#ask(engine, async () => {
      this.#model.cancel(found.run, isRun ? "all" : found.task.number);
      await engine.cancel(this.#tenantId, [id], "enough");
    });
  }

  async #replay({ kind, pick }: { kind: "replay task" | "replay run"; pick: number }): Promise<void> {
    const found = this.#pick(pick, (task) => kind === "replay run" || isEnded(task));
    if (!found) return;
    const isRun = kind === "replay run" || found.task.number === 0;
    const id = isRun ? (this.#runIds[found.run.index] as RunId) : found.id;
    const again = await this.#workers.engineAt(pick).replay(this.#tenantId, [id]);
    const expected = this.#model.replay(found.run, isRun ? "all" : found.task.number);
    const should = expected.map((task) => this.#idOf(found.run, task)).sort();
    if (again.sort().join() !== should.join()) throw new Error(`replayed ${again.join()} instead of ${should.join()}`);
  }

  async #answered(): Promise<void> {
    await Promise.all(this.#answers.splice(0));
  }

  /** Waits until everything has followed. */
  async #settled(after: string): Promise<void> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 50)) {
      const wrong = await this.#compare();
      if (wrong === undefined) return;
      if (performance.now() > giveUpAt) throw new Error(`after ${after}: ${wrong}`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** @returns what is not as it should be; undefined when nothing is left to wait for */
  async #compare(): Promise<string | undefined> {
    // Before: what a worker gets while this reads is not in what it reads.
    const free = this.#workers.free();
    const stored = await this.#stored();
    const handedOut: { task: ModelTask; attempt: number }[] = [];
    let waiting = 0;
    for (const run of this.#model.runs) {
      for (const task of run.tasks) {
        const id = this.#idOf(run, task);
        const row = stored.get(id);
        const wrong = row ? this.#compareTask(task, row) : `task ${id} is not stored`;
        if (wrong) return wrong;
        if (row?.status === "queued") waiting++;
        if (row?.status === "assigned") handedOut.push({ task, attempt: row.attempt });
      }
      const ended = stored.get(`run ${this.#runIds[run.index]}`)?.status;
      if (run.tasks.length > 1 && ended !== run.status) return `run ${run.index} is ${ended} instead of ${run.status}`;
    }
    if (waiting > 0 && free > 0) return `${waiting} tasks wait although ${free} slots are free`;
    for (const { task, attempt } of handedOut) {
      if (task.status === "queued") this.#model.handOut(task);
      task.attempt = attempt;
    }
    return undefined;
  }

  #compareTask(task: ModelTask, { id, status, attempt, failures, requeues, workerId }: StoredTask): string | undefined {
    const name = `task ${task.number} (${id})`;
    const isHandedOut = task.status === "queued" && status === "assigned";
    if (status !== task.status && !isHandedOut) return `${name} is ${status} instead of ${task.status}`;
    // A hand-out that found its worker gone was taken back unspent; one may also come between two commands of a batch.
    if (isHandedOut ? attempt <= task.attempt : attempt < task.attempt) return `${name} has attempt ${attempt}`;
    if (!isEnded(task) && (failures !== task.failures || requeues !== task.requeues)) {
      return `${name} counts ${failures}/${requeues} instead of ${task.failures}/${task.requeues}`;
    }
    if (!isHandedOut) task.attempt = attempt;
    if (status !== "assigned") return undefined;
    const holder = this.#workers.holderOf({ id, attempt });
    return holder?.worker.id === workerId ? undefined : `${name} has not reached its worker`;
  }

  async #stored(): Promise<Map<string, StoredTask>> {
    const ids = this.#model.runs.flatMap((run) => run.tasks.map((task) => this.#idOf(run, task)));
    const rows = await (this.#engines[0] as TestEngine).query<StoredTask>(
      `select id::text, status, attempt, failures, requeues, worker_id as "workerId" from task_run where id = any($1)
       union all select id::text, status, attempt, failures, requeues, worker_id from task_run_history where id = any($1)
       union all select 'run ' || id, status, 0, 0, 0, null from workflow_run_history where id = any($2)`,
      [ids, this.#runIds],
    );
    const stored = new Map(rows.map((row) => [row.id, row]));
    if (stored.size < rows.length) throw new Error("a task run is stored twice");
    return stored;
  }

  /** What happened to the tasks, for the message of a failure. */
  async #history(): Promise<string> {
    const ids = this.#all().map(({ id }) => id);
    const events = await (this.#engines[0] as TestEngine).query<{ line: string }>(
      `select to_char(at, 'HH24:MI:SS.MS ') || right(task_id::text, 8) || ' ' || attempt || ' ' || kind || ' ' || message
              || coalesce(' by ' || right(worker_id::text, 4), '') as line
         from task_event where task_id = any($1) order by at, id`,
      [ids],
    );
    return events.map(({ line }) => line).join("\n");
  }

  /** Leaves nothing unfinished, so that the next program is not disturbed. */
  async #end(): Promise<void> {
    while (this.#workers.all.length > 0) this.#workers.die(0);
    this.#cluster.clock.wait(2000);
    await (this.#engines[0] as TestEngine).engine.cancel(this.#tenantId, this.#runIds, "the program has ended");
  }

  async #audit(): Promise<void> {
    const violations = await this.#cluster.audit();
    if (violations.length > 0) throw new Error(`promises broken: ${JSON.stringify(violations)}`);
    const [first, last] = [this.#runIds[0], this.#runIds.at(-1)];
    if (first === undefined || last === undefined) return;
    const left = await (this.#engines[0] as TestEngine).query("select from task_run where id between $1 and $2", [
      first,
      lastIdOfRun(last),
    ]);
    if (left.length > 0) throw new Error(`${left.length} tasks go on after all runs were cancelled`);
  }

  /** The task whose current attempt this is. */
  #find({ id, attempt }: Attempt): Found | undefined {
    return this.#all().find((one) => one.id === id && one.task.status === "assigned" && one.task.attempt === attempt);
  }

  #pick(pick: number, isCandidate: (task: ModelTask) => boolean): Found | undefined {
    const candidates = this.#all().filter(({ task }) => isCandidate(task));
    return candidates[pick % candidates.length];
  }

  #all(): Found[] {
    return this.#model.runs.flatMap((run) => run.tasks.map((task) => ({ run, task, id: this.#idOf(run, task) })));
  }

  #idOf(run: ModelRun, { number }: ModelTask): TaskRunId {
    return taskIdOf(this.#runIds[run.index] as RunId, number);
  }

  get #tenantId(): string {
    return (this.#engines[0] as TestEngine).tenantId;
  }
}

function reportOf(taskId: TaskRunId, attempt: number, outcome: ModelOutcome): Report & { attempt: number } {
  switch (outcome) {
    case "succeeded":
      return { taskId, attempt, outcome, output: "{}" };
    case "failed":
    case "failed for good":
      return { taskId, attempt, outcome: "failed", error: "boom", isRetryable: outcome === "failed" };
    default:
      return { taskId, attempt, outcome };
  }
}
