import { type RunId, type TaskRunId, taskIdOf, type Uuid } from "@helve/core";
import type { ReportAnswer } from "../api.ts";
import type { Settlement } from "../commands/settlement.ts";
import { MemoryEngine } from "./memory-engine.ts";
import { type Cancel, type Command, definitionOf, isTogether, type Program, type Report } from "./program.ts";
import { isEnded, type ModelOutcome, type ModelRun, type ModelTask, ReferenceModel } from "./reference-model.ts";

/** A minute of jump. */
const MINUTE_MS = 60_000;

/** Runs a program through the engine's decisions and through the reference model; throws where they differ. */
export function runInMemory({ shapes, commands }: Program): void {
  new MemoryProgram(shapes.map((shape, index) => definitionOf(shape, `flow-${index}`))).run(commands);
}

class MemoryProgram {
  readonly #model = new ReferenceModel();
  readonly #engine = new MemoryEngine();
  readonly #definitions: ReturnType<typeof definitionOf>[];
  readonly #versions: Uuid[];
  readonly #runIds: RunId[] = [];
  /** Settlements that the engine is told in one batch, and the reference one after the other. */
  #batch: Settlement[] = [];
  #isBatching = false;

  constructor(definitions: ReturnType<typeof definitionOf>[]) {
    this.#definitions = definitions;
    this.#versions = definitions.map((definition) => this.#engine.put(definition));
  }

  run(commands: readonly Command[]): void {
    commands.forEach((command, index) => {
      this.#isBatching = isTogether(commands[index + 1]) || isTogether(command);
      if (!isTogether(command)) this.#flush();
      this.#apply(command);
      if (isTogether(commands[index + 1])) return;
      this.#flush();
      this.#compare(index, command);
    });
  }

  #flush(): void {
    this.#engine.settle(this.#batch.splice(0));
  }

  #apply(command: Command): void {
    switch (command.kind) {
      case "trigger": {
        const shape = command.shape % this.#versions.length;
        this.#model.trigger(this.#definitions[shape] as ReturnType<typeof definitionOf>);
        this.#runIds.push(this.#engine.trigger(this.#versions[shape] as Uuid));
        return;
      }
      case "hand out": {
        const found = this.#pick(command.pick, (task) => task.status === "queued");
        if (!found) return;
        this.#model.handOut(found.task);
        this.#engine.handOut(found.id);
        return;
      }
      case "report": {
        const found = this.#pick(command.pick, (task) => task.attempt > 0);
        if (found) this.#report(found, command);
        return;
      }
      case "lose": {
        const found = this.#pick(command.pick, (task) => task.status === "assigned");
        if (!found) return;
        this.#settle(found.id, found.task.attempt, { kind: "lost", reason: "gone" });
        this.#model.lose(found.run, found.task);
        return;
      }
      case "cancel task":
      case "cancel run":
        this.#cancel(command);
        return;
      case "replay task":
      case "replay run":
        this.#replay(command);
        return;
      case "jump":
        this.#model.jump(command.tens * 10 * MINUTE_MS);
        this.#engine.jump(command.tens * 10 * MINUTE_MS);
    }
  }

  #report({ run, task, id }: Found, { back, outcome }: Report): void {
    if (outcome === "started") return;
    const attempt = task.attempt - back;
    const touched = this.#settle(id, attempt, causeOf(outcome));
    const expected = this.#model.report(run, task, attempt, outcome);
    if (this.#isBatching) return;
    const said: ReportAnswer =
      touched.length > 0 ? "accepted" : this.#engine.answerTo(id, attempt, outcome.replace(" for good", ""));
    if (said !== expected) throw new Error(`a report of ${outcome} is answered ${said} instead of ${expected}`);
  }

  #cancel({ kind, pick }: Cancel): void {
    const found = this.#pick(pick, () => true);
    if (!found) return;
    const isRun = kind === "cancel run";
    const runId = this.#runIds[found.run.index] as RunId;
    const cause = { kind: "cancelled" as const, message: "enough", byWorker: false };
    const touched = this.#settle(isRun ? runId : found.id, null, cause);
    const expected = this.#model.cancel(found.run, isRun ? "all" : found.task.number);
    if (!this.#isBatching) expectSame("cancelled tasks", touched, this.#ids(found.run, expected));
  }

  #replay({ kind, pick }: { kind: "replay task" | "replay run"; pick: number }): void {
    const found = this.#pick(pick, (task) => kind === "replay run" || isEnded(task));
    if (!found) return;
    const isRun = kind === "replay run" || found.task.number === 0;
    const again = this.#engine.replay(this.#runIds[found.run.index] as RunId, isRun ? 0 : found.task.number);
    const expected = this.#model.replay(found.run, isRun ? "all" : found.task.number);
    expectSame("replayed tasks", again, this.#ids(found.run, expected));
  }

  #settle(id: TaskRunId, attempt: number | null, cause: Settlement["cause"]): TaskRunId[] {
    const settlement = { tenantId: "01900000-0000-7000-8000-000000000000", id, attempt, cause, startedAtMs: null };
    if (!this.#isBatching) return this.#engine.settle([settlement])[0] as TaskRunId[];
    this.#batch.push(settlement);
    return [];
  }

  #ids(run: ModelRun, tasks: readonly ModelTask[]): TaskRunId[] {
    const runId = this.#runIds[run.index] as RunId;
    return tasks.map(({ number }) => taskIdOf(runId, number));
  }

  #pick(pick: number, isCandidate: (task: ModelTask) => boolean): Found | undefined {
    const candidates = this.#model.runs.flatMap((run) =>
      run.tasks.filter(isCandidate).map((task) => ({ run, task, id: this.#ids(run, [task])[0] as TaskRunId })),
    );
    return candidates[pick % candidates.length];
  }

  #compare(step: number, command: Command | undefined): void {
    for (const run of this.#model.runs) {
      const runId = this.#runIds[run.index] as RunId;
      const after = `after step ${step} (${JSON.stringify(command)}) of run ${run.index}`;
      const status = this.#engine.statusOf(runId);
      if (status !== run.status) throw new Error(`${after}: run is ${status} instead of ${run.status}`);
      for (const task of run.tasks) {
        const { status, attempt, failures, requeues } = this.#engine.taskOf(taskIdOf(runId, task.number));
        const is = [status, attempt, isEnded(task) || failures, isEnded(task) || requeues].join(" ");
        const should = [task.status, task.attempt, isEnded(task) || task.failures, isEnded(task) || task.requeues];
        if (is !== should.join(" ")) {
          throw new Error(`${after}: task ${task.number} is ${is} instead of ${should.join(" ")}`);
        }
      }
    }
  }
}

interface Found {
  run: ModelRun;
  task: ModelTask;
  id: TaskRunId;
}

function causeOf(outcome: Exclude<ModelOutcome, "started">): Settlement["cause"] {
  switch (outcome) {
    case "succeeded":
      return { kind: "succeeded", output: "{}" };
    case "failed":
    case "failed for good":
      return { kind: "failed", error: "boom", isRetryable: outcome === "failed" };
    case "cancelled":
      return { kind: "cancelled", message: "stopped", byWorker: true };
    case "returned":
      return { kind: "returned", reason: "stopping" };
  }
}

function expectSame(what: string, is: readonly string[], should: readonly string[]): void {
  if (is.join() !== should.join()) throw new Error(`${what}: ${is.join()} instead of ${should.join()}`);
}
