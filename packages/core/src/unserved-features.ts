import type { TaskDefinition, WorkflowDefinition } from "./workflow-definition.ts";

/**
 * Fields that a definition uses and the engine does not act on yet, in the words of the registration: `cron_triggers`,
 * `conditions of task 'a'`. A registration with any of them is to be refused: to store it and then run it without its
 * limits or conditions would be worse. An entry goes from here with the commit that serves it.
 *
 * @returns the workflow's fields first, then those of the tasks in order; empty when all of it is served
 */
export function unservedFeatures(definition: WorkflowDefinition): string[] {
  const tasks = definition.onFailure ? [...definition.tasks, definition.onFailure] : definition.tasks;
  const ofTasks = tasks.flatMap((task) =>
    fieldsInUse(TASK_FEATURES, task).map((field) => `${field} of task '${task.readableId}'`),
  );
  return [...fieldsInUse(WORKFLOW_FEATURES, definition), ...ofTasks];
}

type Features<Subject> = Readonly<Record<string, (subject: Subject) => boolean>>;

const WORKFLOW_FEATURES: Features<WorkflowDefinition> = {
  cron_triggers: (workflow) => workflow.cronTriggers.length > 0,
  concurrency: (workflow) => workflow.concurrency.length > 0,
  default_filters: (workflow) => workflow.defaultFilters.length > 0,
  idempotency: (workflow) => workflow.idempotency !== undefined,
};

const TASK_FEATURES: Features<TaskDefinition> = {
  is_durable: (task) => task.isDurable,
  concurrency: (task) => task.concurrency.length > 0,
  rate_limits: (task) => task.rateLimits.length > 0,
  conditions: (task) => task.conditions !== undefined,
  batch: (task) => task.batch !== undefined,
};

function fieldsInUse<Subject>(features: Features<Subject>, subject: Subject): string[] {
  return Object.entries(features).flatMap(([field, isUsed]) => (isUsed(subject) ? [field] : []));
}
