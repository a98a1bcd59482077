import { randomUUID } from "node:crypto";
import type { v1 } from "@helve/contracts";
import { withNamespace } from "../config/namespace.ts";
import { HelveError } from "../errors.ts";
import { type Duration, durationToString } from "./duration.ts";
import type { Anything } from "./json.ts";
import type { CreateWorkflowTaskOpts } from "./task-options.ts";

/** Met when the time is over. */
export interface SleepCondition {
  sleepFor: Duration;
  /** Under which key the task finds it. @default `sleep-` and the duration */
  readableDataKey?: string | undefined;
}

/** Met by an event. */
export interface UserEventCondition {
  eventKey: string;
  /** CEL over the event's data. @default every event counts */
  expression?: string | undefined;
  /** @default the event's key */
  readableDataKey?: string | undefined;
  scope?: string | undefined;
  /** ISO time; events pushed since then count too. */
  considerEventsSince?: string | undefined;
}

/** Met by what a parent has given. */
export interface ParentCondition {
  parent: CreateWorkflowTaskOpts<Anything, Anything>;
  /** CEL over the parent's output. */
  expression?: string | undefined;
}

export type Condition = SleepCondition | UserEventCondition | ParentCondition;

/** Alternatives: one of them is enough. */
export interface OrCondition {
  or: Condition[];
}

export type Conditions = Condition | OrCondition;

/** Makes alternatives of conditions. A list of conditions without it must be met in full. */
export function Or(...conditions: Condition[]): OrCondition {
  return { or: conditions };
}

const QUEUE: v1.Action = 1;
const CANCEL: v1.Action = 2;
const SKIP: v1.Action = 3;

/**
 * A task's conditions as the registration has them.
 *
 * @param prefix of the namespace, for keys of events
 * @returns undefined when it has none
 */
export function conditionsToWire(
  task: Pick<CreateWorkflowTaskOpts<Anything, Anything>, "waitFor" | "cancelIf" | "skipIf">,
  prefix: string,
): v1.TaskConditions | undefined {
  const wire: v1.TaskConditions = { parentOverrideConditions: [], sleepConditions: [], userEventConditions: [] };
  const all = [...inGroups(task.waitFor, QUEUE), ...inGroups(task.cancelIf, CANCEL), ...inGroups(task.skipIf, SKIP)];
  for (const { condition, ...base } of all) addTo(wire, condition, base, prefix);
  return all.length === 0 ? undefined : wire;
}

interface Grouped {
  condition: Condition;
  action: v1.Action;
  orGroupId: string;
}

function inGroups(conditions: Conditions | Conditions[] | undefined, action: v1.Action): Grouped[] {
  if (conditions === undefined) return [];
  return [conditions].flat().flatMap((condition) => {
    const orGroupId = randomUUID();
    const alternatives = "or" in condition ? condition.or : [condition];
    return alternatives.map((alternative) => ({ condition: alternative, action, orGroupId }));
  });
}

function addTo(
  wire: v1.TaskConditions,
  condition: Condition,
  group: { action: v1.Action; orGroupId: string },
  prefix: string,
): void {
  if ("sleepFor" in condition) {
    const sleepFor = durationToString(condition.sleepFor);
    const base = { ...group, readableDataKey: condition.readableDataKey ?? `sleep-${sleepFor}`, expression: "" };
    wire.sleepConditions.push({ base, sleepFor });
  } else if ("eventKey" in condition) {
    const userEventKey = withNamespace(condition.eventKey, prefix);
    const expression = condition.expression ?? "";
    wire.userEventConditions.push({
      base: { ...group, readableDataKey: condition.readableDataKey ?? condition.eventKey, expression },
      userEventKey,
      eventScope: condition.scope,
      considerEventsSince: sinceOf(condition),
    });
  } else {
    const parentReadableId = condition.parent.name;
    const base = { ...group, readableDataKey: parentReadableId, expression: condition.expression ?? "" };
    wire.parentOverrideConditions.push({ base, parentReadableId });
  }
}

function sinceOf(condition: UserEventCondition): Date | undefined {
  if (condition.considerEventsSince === undefined) return undefined;
  const since = new Date(condition.considerEventsSince);
  if (Number.isNaN(since.getTime())) {
    throw new HelveError("invalid_argument", `considerEventsSince '${condition.considerEventsSince}' is no ISO time`);
  }
  return since;
}
