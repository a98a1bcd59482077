import type { Cancel, Command, Program, Report, Shape } from "./program.ts";
import type { ModelOutcome } from "./reference-model.ts";

/** Programs that once ended differently in the engine and in the reference model, shortened, with what was wrong. */
export const KEPT_PROGRAMS: Readonly<Record<string, Program>> = {
  "a cancel reaches a task that fails in the same batch and would be retried": {
    shapes: [shape([task([], { retries: 1 })])],
    commands: [trigger(), handOut(), report("failed"), cancel("task", 0, { isTogether: true })],
  },
  "a cancel reaches an on-failure task that is called in the same batch": {
    shapes: [shape([task(), task()], { hook: { retries: 0 } })],
    commands: [trigger(), handOut(), report("failed for good"), cancel("run", 0, { isTogether: true })],
  },
  "a cancel leaves an on-failure task alone that is called after it in the same batch": {
    shapes: [shape([task(), task()], { hook: { retries: 0 } })],
    commands: [trigger(), handOut(), cancel("task", 2), report("failed for good", 0, { isTogether: true })],
  },
  "a replayed task is waited for again by a child that was still waiting": {
    shapes: [shape([task(), task(), task([0, 1])])],
    commands: [trigger(), handOut(), report("succeeded"), replayTask(), handOut(), report("succeeded")],
  },
  "a replayed child waits for its other parent, which has not finished": {
    shapes: [shape([task(), task(), task([0, 1])])],
    commands: [trigger(), handOut(), report("failed"), handOut(), replayTask(), report("succeeded", 1)],
  },
  "a child stays cancelled when only one of two parents that failed is replayed": {
    shapes: [shape([task(), task(), task([0, 1])])],
    commands: [trigger(), handOut(), report("failed"), handOut(), report("failed", 1), replayTask()],
  },
};

function shape(tasks: Shape["tasks"], { hook = null }: { hook?: Shape["hook"] } = {}): Shape {
  return { tasks, hook };
}

function task(parents: number[] = [], { retries = 0 }: { retries?: number } = {}): Shape["tasks"][number] {
  return { parents: parents.reduce((bits, parent) => bits | (1 << parent), 0), retries, hasBackoff: false };
}

function trigger(): Command {
  return { kind: "trigger", shape: 0 };
}

function handOut(pick = 0): Command {
  return { kind: "hand out", pick };
}

function report(outcome: ModelOutcome, pick = 0, { isTogether = false } = {}): Report {
  return { kind: "report", pick, outcome, back: 0, isTogether };
}

function cancel(what: "task" | "run", pick = 0, { isTogether = false } = {}): Cancel {
  return { kind: `cancel ${what}`, pick, isTogether };
}

function replayTask(pick = 0): Command {
  return { kind: "replay task", pick };
}
