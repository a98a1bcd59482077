import type { TaskRunId } from "@helve/core";
import type { AssignedTask, Engine, Report, ReportAnswer } from "../api.ts";
import { attemptKey } from "../sessions/session.ts";
import type { TestEngine } from "../testing/test-engine.ts";
import { TestWorker } from "../testing/test-worker.ts";

/** Workers that a program may have at the same time. */
const MAX_WORKERS = 4;

export interface Attempt {
  id: TaskRunId;
  attempt: number;
}

/** A worker of a program: what it was sent and has not yet spoken of, which is what takes its slots. */
export interface ModelWorker {
  worker: TestWorker;
  engine: TestEngine;
  slots: number;
  isPaused: boolean;
  running: Map<string, Attempt>;
}

/** The workers of one program, on two replicas. All of them serve all of its tasks. */
export class ModelWorkers {
  readonly all: ModelWorker[] = [];
  readonly #engines: readonly TestEngine[];
  readonly #actions: string[];

  constructor(engines: readonly TestEngine[], actions: string[]) {
    this.#engines = engines;
    this.#actions = actions;
  }

  async join(pick: number): Promise<void> {
    if (this.all.length >= MAX_WORKERS) return;
    const engine = this.#engineOf(pick);
    const slots = 1 + (pick % 3);
    const running = new Map<string, Attempt>();
    const onTask = (task: AssignedTask) => {
      running.set(attemptKey(task.id, task.attempt), task);
      // Whoever says nothing for ten seconds is taken not to have it, and the clock of programs runs fast.
      void engine.engine.report(engine.tenantId, [{ taskId: task.id, attempt: task.attempt, outcome: "started" }]);
    };
    const options = { actions: this.#actions, slots, onTask };
    const worker = await TestWorker.connect(engine.engine, engine.tenantId, options);
    this.all.push({ worker, engine, slots, isPaused: false, running });
  }

  /** Its process ends. @returns what it had in hand */
  die(pick: number): Attempt[] {
    const index = pick % this.all.length;
    const [dead] = this.all.splice(index, 1);
    if (!dead) return [];
    dead.worker.die(dead.engine.engine);
    return [...dead.running.values()];
  }

  /** Its connections break and it connects to the other replica, with what it still owns. */
  async move(pick: number, isOwn: (attempt: Attempt) => boolean): Promise<void> {
    const moving = this.all[pick % this.all.length];
    if (!moving) return;
    for (const { id, attempt } of endOthers(moving, isOwn)) {
      const report = { taskId: id, attempt, outcome: "ended" as const };
      await moving.engine.engine.report(moving.engine.tenantId, [report]);
    }
    moving.worker.die(moving.engine.engine);
    moving.engine = this.#engines.find((engine) => engine !== moving.engine) as TestEngine;
    await comeBack(moving, pick);
  }

  /** Their replica has ended all of their streams: they connect to it again, with what they still own. */
  async comeBackTo(engine: TestEngine, pick: number, isOwn: (attempt: Attempt) => boolean): Promise<void> {
    for (const worker of this.all) {
      if (worker.engine !== engine) continue;
      endOthers(worker, isOwn);
      await comeBack(worker, pick);
    }
  }

  async pause(pick: number): Promise<void> {
    const pausing = this.all[pick % this.all.length];
    if (!pausing) return;
    pausing.isPaused = !pausing.isPaused;
    // Where it is connected; another replica would pass it on as a hint.
    await pausing.engine.engine.setWorkerPaused(pausing.engine.tenantId, pausing.worker.id, pausing.isPaused);
  }

  /** Where an attempt is reported: at its worker's replica while the worker has it, else at any. */
  engineFor(attempt: Attempt, pick: number): Engine {
    return (this.holderOf(attempt)?.engine ?? this.#engineOf(pick)).engine;
  }

  async report(engine: Engine, report: Report & { attempt: number }): Promise<ReportAnswer> {
    const holder = this.holderOf({ id: report.taskId, attempt: report.attempt });
    if (report.outcome !== "started") holder?.running.delete(attemptKey(report.taskId, report.attempt));
    const [answer] = await engine.report((this.#engines[0] as TestEngine).tenantId, [report]);
    return answer as ReportAnswer;
  }

  /** Free slots of workers that should be given something. */
  free(): number {
    return this.all.reduce((sum, { isPaused, slots, running }) => sum + (isPaused ? 0 : slots - running.size), 0);
  }

  holderOf({ id, attempt }: Attempt): ModelWorker | undefined {
    return this.all.find(({ running }) => running.has(attemptKey(id, attempt)));
  }

  engineAt(pick: number): Engine {
    return this.#engineOf(pick).engine;
  }

  #engineOf(pick: number): TestEngine {
    return this.#engines[(pick >> 2) % this.#engines.length] as TestEngine;
  }
}

/** The code of what was given up ends. @returns what that was */
function endOthers({ running }: ModelWorker, isOwn: (attempt: Attempt) => boolean): Attempt[] {
  const others = [...running].filter(([, attempt]) => !isOwn(attempt));
  for (const [key] of others) running.delete(key);
  return others.map(([, attempt]) => attempt);
}

/** Listens anew: ours say what they hold, published ones do not. */
async function comeBack({ worker, engine, running }: ModelWorker, pick: number): Promise<void> {
  const holding = [...running.values()].map(({ id, attempt }) => ({ taskId: id, attempt }));
  await worker.listen({ engine: engine.engine, ...(pick % 2 === 0 && { holding }) });
}
