import { BaseWorkflowDeclaration, type DeclaringClient } from "./base-declaration.ts";
import type { Anything, InputType, OutputType, UnknownInputType } from "./json.ts";
import type { CreateWorkflowTaskOpts } from "./task-options.ts";
import type { CreateTaskWorkflowOpts } from "./workflow-options.ts";

/** A task that stands alone: a workflow of one task, whose result is that of the task. */
export class TaskWorkflowDeclaration<
  I extends InputType = UnknownInputType,
  O extends OutputType = void,
> extends BaseWorkflowDeclaration<I, O> {
  /** The task as a task of a workflow. */
  readonly taskDef: CreateWorkflowTaskOpts<Anything, O>;

  constructor(options: CreateTaskWorkflowOpts<Anything, O>, client?: DeclaringClient) {
    const { workflow, task } = split(options);
    super({ ...workflow, tasks: [task] }, client, options.name);
    this.taskDef = task;
  }
}

/** Options of a task that stands alone are those of its workflow and those of its task in one. */
function split<O extends OutputType>(options: CreateTaskWorkflowOpts<Anything, O>) {
  const { description, version, sticky, on, onCrons, onEvents, defaultPriority, defaultFilters, ...rest } = options;
  const { inputValidator, idempotency, ...task } = rest;
  const workflow = {
    name: options.name,
    ...{ description, version, sticky, on, onCrons, onEvents, defaultPriority, defaultFilters },
    ...{ inputValidator, idempotency },
  };
  return { workflow, task: task as CreateWorkflowTaskOpts<Anything, O> };
}

/** Declares a task without a client: for a worker that is made elsewhere. */
export function CreateTaskWorkflow<I extends InputType, O extends OutputType>(
  options: CreateTaskWorkflowOpts<I, O>,
  client?: DeclaringClient,
): TaskWorkflowDeclaration<I, O> {
  return new TaskWorkflowDeclaration<I, O>(options, client);
}
