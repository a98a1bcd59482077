import {
  type TaskDefinition,
  type TaskRunId,
  taskIdOf,
  taskNumberOf,
  type Uuid,
  type WorkflowDefinition,
} from "@helve/core";
import type { VersionRecord } from "../reading.ts";

/** A task of a definition under the names that the wire has for it. */
export interface Step {
  id: Uuid;
  task: TaskDefinition;
  /** Of itself in the run: 0 where the run is one task. */
  number: number;
}

/** One task and no on-failure task: a run is that task. */
export function isStandalone({ tasks, onFailure }: WorkflowDefinition): boolean {
  return tasks.length === 1 && onFailure === undefined;
}

const stepsByVersion = new WeakMap<VersionRecord, Step[]>();

/**
 * The steps of a version in the order of their numbers, the on-failure task last. Worked out once for each version that is
 * in memory, since a list asks for every row.
 */
export function stepsOf(version: VersionRecord): readonly Step[] {
  let steps = stepsByVersion.get(version);
  if (!steps) {
    const { id, definition } = version;
    const tasks = definition.onFailure ? [...definition.tasks, definition.onFailure] : definition.tasks;
    const alone = isStandalone(definition);
    steps = tasks.map((task, index) => ({ id: taskIdOf(id, index + 1), task, number: alone ? 0 : index + 1 }));
    stepsByVersion.set(version, steps);
  }
  return steps;
}

/** The step that a task is a run of; undefined when the version has no such task. */
export function stepOfTask(version: VersionRecord | undefined, taskId: TaskRunId): Step | undefined {
  if (!version) return undefined;
  const steps = stepsOf(version);
  const number = taskNumberOf(taskId);
  const step = steps[Math.max(number - 1, 0)];
  return step?.number === number ? step : undefined;
}

/** Names of all tasks that come before one; before the on-failure task come all others. */
export function ancestorsOf(definition: WorkflowDefinition, task: TaskDefinition): Set<string> {
  if (task === definition.onFailure) return new Set(definition.tasks.map((one) => one.readableId));
  const names = new Set<string>();
  const open = [...task.parents];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (names.has(name)) continue;
    names.add(name);
    open.push(...(definition.tasks.find((one) => one.readableId === name)?.parents ?? []));
  }
  return names;
}
