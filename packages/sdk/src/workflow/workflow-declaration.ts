import type { Context } from "../worker/context.ts";
import { BaseWorkflowDeclaration, type DeclaringClient } from "./base-declaration.ts";
import type { Anything, InputType, OutputType, UnknownInputType } from "./json.ts";
import { TaskWorkflowDeclaration } from "./task-declaration.ts";
import type { CreateOnFailureTaskOpts, CreateOnSuccessTaskOpts, CreateWorkflowTaskOpts } from "./task-options.ts";
import type { CreateWorkflowOpts } from "./workflow-options.ts";

/** What the code of a task with this name must give: what the workflow's output says, if it says anything. */
type DeclaredOutput<O, Name extends string> = Name extends keyof O
  ? O[Name] extends OutputType
    ? O[Name]
    : never
  : OutputType;

/** What a task gives: what the workflow's output says, else what its code returns. */
type TaskOutput<O, Name extends string, Fn> = Name extends keyof O
  ? O[Name] extends OutputType
    ? O[Name]
    : never
  : Fn extends (...args: Anything[]) => infer Result
    ? Awaited<Result> extends infer Given extends OutputType
      ? Given
      : never
    : Anything;

type TaskCode<I, O, Name extends string> = (
  input: I,
  ctx: Context<I>,
) => DeclaredOutput<O, Name> | Promise<DeclaredOutput<O, Name>>;

/**
 * A workflow whose tasks are added one after the other. Tasks with `parents` wait for them; the others start at once.
 *
 * @typeParam I  input of a run
 * @typeParam O  result: outputs of the tasks by name
 * @typeParam TI input as the tasks see it; another type when a schema transforms it
 */
export class WorkflowDeclaration<
  I extends InputType = UnknownInputType,
  O extends OutputType = void,
  TI = I,
> extends BaseWorkflowDeclaration<I, O> {
  constructor(options: CreateWorkflowOpts, client?: DeclaringClient) {
    super({ ...options, tasks: [] }, client);
  }

  /**
   * Adds a task.
   *
   * @returns the task, to be named as a parent of others and given to `ctx.parentOutput`
   */
  task<const Name extends string, Fn extends TaskCode<TI, O, Name>>(
    options: Omit<CreateWorkflowTaskOpts<TI, Anything>, "name" | "fn"> & { name: Name; fn?: Fn },
  ): CreateWorkflowTaskOpts<TI, TaskOutput<O, Name, Fn>>;
  /** Adds a task that was declared to stand alone. */
  task<TO extends OutputType>(task: TaskWorkflowDeclaration<Anything, TO>): CreateWorkflowTaskOpts<TI, TO>;
  task(task: CreateWorkflowTaskOpts<Anything, Anything> | TaskWorkflowDeclaration<Anything, Anything>): Anything {
    const options = task instanceof TaskWorkflowDeclaration ? task.taskDef : task;
    this.definition.tasks.push(options);
    return options;
  }

  /** Says what runs when a task has failed for good. Its context knows the `errors`. */
  onFailure(
    task: CreateOnFailureTaskOpts<TI, Anything> | TaskWorkflowDeclaration<Anything, Anything>,
  ): CreateOnFailureTaskOpts<TI, Anything> {
    this.definition.onFailure = task instanceof TaskWorkflowDeclaration ? task.taskDef : task;
    return this.definition.onFailure;
  }

  /** Says what runs when all tasks have succeeded. It can read the outputs of the last ones. */
  onSuccess(
    task: CreateOnSuccessTaskOpts<TI, Anything> | TaskWorkflowDeclaration<Anything, Anything>,
  ): CreateOnSuccessTaskOpts<TI, Anything> {
    this.definition.onSuccess = task instanceof TaskWorkflowDeclaration ? task.taskDef : task;
    return this.definition.onSuccess;
  }
}

/** Declares a workflow without a client: for a worker that is made elsewhere. */
export function CreateWorkflow<I extends InputType = UnknownInputType, O extends OutputType = void>(
  options: CreateWorkflowOpts,
  client?: DeclaringClient,
): WorkflowDeclaration<I, O> {
  return new WorkflowDeclaration<I, O>(options, client);
}
