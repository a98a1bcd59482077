import { isName, NAME_RULE } from "./action-id.ts";
import { cronProblem } from "./cron-expression.ts";
import { defineConcurrency, defineTask } from "./define-task.ts";
import { invalidArgument } from "./errors.ts";
import { fieldError, oneOf, refuseNul, requiredText, wholeNumber } from "./field-check.ts";
import { MAX_TASKS_PER_RUN } from "./ids.ts";
import { checkJson, opensObject } from "./json-text.ts";
import { orderTasks } from "./task-order.ts";
import type { FilterDefinition, TaskDefinition, WorkflowDefinition } from "./workflow-definition.ts";
import type { FilterRegistration, TaskRegistration, WorkflowRegistration } from "./workflow-registration.ts";

/**
 * Checks a registration whole and brings it into its one canonical form: defaults filled in, tasks in topological order,
 * actions in lower case, or-groups numbered, maps in the order of their keys. Two registrations that mean the same give
 * equal definitions, which is what the checksum of a version rests on.
 *
 * CEL expressions are only asked to be there; compiling them is left to those who evaluate them.
 *
 * @throws HelveError invalid_argument for the first mistake found: it names the field, the value and what is allowed
 */
export function defineWorkflow(input: WorkflowRegistration): WorkflowDefinition {
  const name = requiredText(input.name, "name", NAME_RULE);
  if (!isName(name)) throw fieldError("name", name, NAME_RULE);

  const tasks = defineTasks(input.tasks ?? []);
  const cronInput = checkedJson(input.cronInput, "cron_input");
  const inputJsonSchema = checkedJson(input.inputJsonSchema, "input_json_schema");
  const onFailure = defineOnFailure(input.onFailureTask, tasks);
  const definition: WorkflowDefinition = {
    name,
    description: input.description ?? "",
    tasks: orderTasks(tasks),
    ...(onFailure && { onFailure }),
    ...(input.sticky !== undefined && { sticky: oneOf(input.sticky, "sticky", ["soft", "hard"]) }),
    ...(input.defaultPriority !== undefined && {
      defaultPriority: wholeNumber(input.defaultPriority, "default_priority", 1, 3),
    }),
    eventTriggers: [...(input.eventTriggers ?? [])],
    cronTriggers: defineCronTriggers(input.cronTriggers ?? []),
    ...(cronInput !== undefined && { cronInput }),
    concurrency: [...(input.concurrency ? [input.concurrency] : []), ...(input.concurrencyArr ?? [])].map((limit) =>
      defineConcurrency(limit, ""),
    ),
    defaultFilters: (input.defaultFilters ?? []).map(defineFilter),
    ...(inputJsonSchema !== undefined && { inputJsonSchema }),
    ...(input.idempotency && { idempotency: defineIdempotency(input.idempotency) }),
  };
  refuseNul(definition, "workflow");
  return withConcurrencyOnOnlyTask(definition);
}

/** Each task by itself, then what they say of each other. Returned in the order of the request. */
function defineTasks(inputs: readonly TaskRegistration[]): TaskDefinition[] {
  if (inputs.length === 0) throw invalidArgument("tasks is empty: it must hold at least one task");
  if (inputs.length >= MAX_TASKS_PER_RUN) {
    throw invalidArgument(`tasks holds ${inputs.length}: it may hold at most ${MAX_TASKS_PER_RUN - 1} tasks`);
  }
  const tasks = inputs.map((input, i) => defineTask(input, `tasks[${i}]`));
  const places = new Map<string, number>();
  for (const [i, { readableId }] of tasks.entries()) {
    const other = places.get(readableId);
    if (other !== undefined) {
      throw fieldError(`readable_id of tasks[${i}]`, readableId, `must be unique, but tasks[${other}] has it too`);
    }
    places.set(readableId, i);
  }
  for (const { readableId, parents } of tasks) {
    const unknown = parents.find((parent) => !places.has(parent));
    // The opening words are those by which clients of this call have always been told of this mistake.
    if (unknown !== undefined) {
      throw invalidArgument(
        `dag parent not found: parents of task '${readableId}' holds '${unknown}', which is no task of this workflow`,
      );
    }
  }
  return tasks;
}

/** It is started by a failure and not by parents; that it names itself as one has always been let pass. */
function defineOnFailure(input: TaskRegistration | undefined, tasks: TaskDefinition[]): TaskDefinition | undefined {
  if (input === undefined) return undefined;
  const task = defineTask(input, "on_failure_task");
  const parent = task.parents.find((name) => name !== task.readableId);
  if (parent !== undefined) {
    throw fieldError("parents of on_failure_task", parent, "must be left out, since a failure starts this task");
  }
  if (tasks.some(({ readableId }) => readableId === task.readableId)) {
    throw fieldError("readable_id of on_failure_task", task.readableId, "must be unique, but one of tasks has it too");
  }
  return { ...task, parents: [] };
}

function defineCronTriggers(expressions: readonly string[]): string[] {
  const seen = new Set<string>();
  for (const [i, expression] of expressions.entries()) {
    const problem = cronProblem(expression);
    if (problem !== undefined) {
      const rule = `${problem}; allowed are 5 fields, or 6 with seconds in front, such as "0 9 * * MON"`;
      throw fieldError(`cron_triggers[${i}]`, expression, rule);
    }
    if (seen.has(expression)) throw fieldError(`cron_triggers[${i}]`, expression, "must not stand there twice");
    seen.add(expression);
  }
  return [...expressions];
}

function defineFilter({ expression = "", scope = "", ...input }: FilterRegistration, i: number): FilterDefinition {
  const field = `default_filters[${i}].payload`;
  const payload = checkedJson(input.payload, field);
  if (payload === undefined) return { expression, scope };
  if (!opensObject(payload)) throw fieldError(field, payload, "must be a JSON object");
  return { expression, scope, payload };
}

function defineIdempotency(
  input: NonNullable<WorkflowRegistration["idempotency"]>,
): NonNullable<WorkflowDefinition["idempotency"]> {
  return {
    expression: requiredText(input.expression, "idempotency.expression", "must be a CEL expression"),
    ttlMs: wholeNumber(input.ttlMs, "idempotency.ttl_ms", 1, Number.MAX_SAFE_INTEGER),
    method: oneOf(input.method ?? "ttl", "idempotency.method", ["ttl", "status"]),
  };
}

function checkedJson(text: string | undefined, field: string): string | undefined {
  checkJson(text ?? "", field);
  return text || undefined;
}

/**
 * A run of one task holds a workflow's slots just as long as its task would, so both ways to write it are one form: the
 * workflow's limits stand before the task's.
 */
function withConcurrencyOnOnlyTask(definition: WorkflowDefinition): WorkflowDefinition {
  const [task, ...others] = definition.tasks;
  if (task === undefined || others.length > 0 || definition.onFailure !== undefined) return definition;
  return {
    ...definition,
    tasks: [{ ...task, concurrency: [...definition.concurrency, ...task.concurrency] }],
    concurrency: [],
  };
}
