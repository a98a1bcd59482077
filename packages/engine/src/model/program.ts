import { defineWorkflow, type WorkflowDefinition } from "@helve/core";
import fc from "fast-check";
import type { ModelOutcome } from "./reference-model.ts";

/**
 * Random programs for the engine. A command names what it acts on by a number that is taken modulo the candidates there
 * are at that moment, so that any list of commands is a program, and a failing one can be made shorter.
 */
export interface Program {
  shapes: Shape[];
  commands: Command[];
}

/** A workflow; task n may have any of the tasks before it as parents. */
export interface Shape {
  tasks: { parents: number; retries: number; hasBackoff: boolean }[];
  hook: { retries: number } | null;
}

export type Command =
  | { kind: "trigger"; shape: number }
  | { kind: "hand out"; pick: number }
  | Report
  | { kind: "lose"; pick: number }
  | Cancel
  | { kind: "replay task"; pick: number }
  | { kind: "replay run"; pick: number }
  | { kind: "jump"; tens: number }
  | WorkerCommand
  | { kind: "take over"; pick: number };

/** What workers do of themselves, for programs that have any. */
export interface WorkerCommand {
  kind: "worker joins" | "worker moves" | "worker pauses";
  pick: number;
}

export interface Report {
  kind: "report";
  pick: number;
  outcome: ModelOutcome;
  /** How many attempts before the current one it is about; -1 for one that has never been. */
  back: number;
  /** In one batch with the reports and cancels before it. */
  isTogether: boolean;
}

export interface Cancel {
  kind: "cancel task" | "cancel run";
  pick: number;
  isTogether: boolean;
}

/** Whether a command is one batch with the one before it. */
export function isTogether(command: Command | undefined): boolean {
  return command !== undefined && "isTogether" in command && command.isTogether;
}

/**
 * The deadlines of all programs, in minutes. The clock jumps by tens of minutes, so that no deadline is nearer to a jump than
 * the five minutes in which a slow machine has done everything else.
 */
const EXECUTION_TIMEOUT = "35m";
const SCHEDULE_TIMEOUT = "55m";
const BACKOFF = { backoffFactor: 900, backoffMaxSeconds: 1500 };

/** The workflow of a shape. */
export function definitionOf(shape: Shape, name: string): WorkflowDefinition {
  const options = { timeout: EXECUTION_TIMEOUT, scheduleTimeout: SCHEDULE_TIMEOUT };
  return defineWorkflow({
    name,
    tasks: shape.tasks.map(({ parents, retries, hasBackoff }, index) => ({
      readableId: `task-${index}`,
      action: `${name}:task-${index}`,
      parents: shape.tasks.slice(0, index).flatMap((_, other) => ((parents >> other) & 1 ? [`task-${other}`] : [])),
      retries,
      ...(hasBackoff && BACKOFF),
      ...options,
    })),
    ...(shape.hook && {
      onFailureTask: { readableId: "hook", action: `${name}:hook`, retries: shape.hook.retries, ...options },
    }),
  });
}

const pick: fc.Arbitrary<number> = fc.nat({ max: 63 });
const back: fc.Arbitrary<number> = fc.constantFrom(0, 0, 0, 0, 0, 1, 2, -1);
const together: fc.Arbitrary<boolean> = fc.boolean();

const shape: fc.Arbitrary<Shape> = fc.record({
  tasks: fc.array(fc.record({ parents: fc.nat({ max: 31 }), retries: fc.nat({ max: 2 }), hasBackoff: fc.boolean() }), {
    minLength: 1,
    maxLength: 6,
  }),
  hook: fc.option(fc.record({ retries: fc.nat({ max: 1 }) }), { freq: 2 }),
});

const outcome: fc.Arbitrary<ModelOutcome> = fc.constantFrom(
  "started",
  "succeeded",
  "succeeded",
  "succeeded",
  "failed",
  "failed",
  "failed for good",
  "cancelled",
  "returned",
);

const ofTasks: fc.WeightedArbitrary<Command>[] = [
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("trigger"), shape: pick }) },
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant("report"), pick, outcome, back, isTogether: together }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("lose"), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel task"), pick, isTogether: together }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel run"), pick, isTogether: together }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("replay task"), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("replay run"), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("jump"), tens: fc.integer({ min: 1, max: 6 }) }) },
] as fc.WeightedArbitrary<Command>[];

const handOut = { weight: 8, arbitrary: fc.record({ kind: fc.constant("hand out"), pick }) };

const ofWorkers = [
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("worker joins"), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("worker moves"), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("worker pauses"), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("take over"), pick }) },
] as fc.WeightedArbitrary<Command>[];

/** Programs of up to so many commands that say themselves when a task is handed out. */
export function programs(maxLength: number): fc.Arbitrary<Program> {
  return programsOf(fc.oneof(handOut as fc.WeightedArbitrary<Command>, ...ofTasks), maxLength);
}

/** Programs of up to so many commands in which workers come and go and take what there is, and replicas are taken over. */
export function clusterPrograms(maxLength: number): fc.Arbitrary<Program> {
  return programsOf(fc.oneof(...ofTasks, ...ofWorkers), maxLength);
}

function programsOf(command: fc.Arbitrary<Command>, maxLength: number): fc.Arbitrary<Program> {
  return fc.record({
    shapes: fc.array(shape, { minLength: 1, maxLength: 3 }),
    commands: fc.array(command, { minLength: 1, maxLength, size: "max" }),
  });
}
