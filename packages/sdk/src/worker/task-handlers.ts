import { HelveError } from "../errors.ts";
import type { BaseWorkflowDeclaration } from "../workflow/base-declaration.ts";
import type { Anything } from "../workflow/json.ts";
import { actionId, onFailureTaskOf, tasksOf, workflowNameOnWire } from "../workflow/registration.ts";
import type { StandardSchemaV1 } from "../workflow/standard-schema.ts";
import type { TaskFn } from "../workflow/task-options.ts";

/** The code behind an action. */
export interface TaskHandler {
  readonly fn: TaskFn<Anything, Anything>;
  /** What the input must look like. */
  readonly schema: StandardSchemaV1 | undefined;
}

/** What a worker can do: actions and their code, filled before it starts. */
export class TaskHandlers {
  readonly #byAction = new Map<string, TaskHandler>();
  readonly #workflows = new Set<string>();

  /** @throws HelveError already_exists when other code stands behind one of the actions */
  add(workflow: BaseWorkflowDeclaration<Anything, Anything>, prefix: string): void {
    const { definition } = workflow;
    const name = workflowNameOnWire(definition.name, prefix);
    const onFailure = onFailureTaskOf(definition);
    for (const task of onFailure === undefined ? tasksOf(definition) : [...tasksOf(definition), onFailure]) {
      // A task without code is one that another program does.
      if (task.fn !== undefined) this.#set(actionId(name, task.name), task.fn, definition.inputValidator);
    }
    this.#workflows.add(name);
  }

  get(action: string): TaskHandler | undefined {
    return this.#byAction.get(action);
  }

  actions(): string[] {
    return [...this.#byAction.keys()];
  }

  hasWorkflow(name: string): boolean {
    return this.#workflows.has(name);
  }

  #set(action: string, fn: TaskFn<Anything, Anything>, schema: StandardSchemaV1 | undefined): void {
    const present = this.#byAction.get(action);
    if (present !== undefined && present.fn !== fn) {
      throw new HelveError("already_exists", `two tasks of this worker are called '${action}'; names must differ`);
    }
    this.#byAction.set(action, { fn, schema });
  }
}
