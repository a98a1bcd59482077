import { durationMs, fieldError, oneOf, requiredText } from "./field-check.ts";
import { isUuid } from "./ids.ts";
import type { BaseCondition, ConditionsDefinition } from "./workflow-definition.ts";
import type { BaseConditionRegistration, ConditionsRegistration } from "./workflow-registration.ts";

const ACTIONS = ["queue", "cancel", "skip"] as const;
const NIL_UUID = /^[0-]{36}$/;

/**
 * Checks what a task waits for beside its parents.
 *
 * Or-groups come as UUIDs made for one request; here they are numbered "0", "1", … as they first appear, so the same
 * conditions sent again are the same. A condition without a group gets one of its own.
 *
 * @param parents the task's parents: only those can be overridden
 * @param of the task, as messages end with it
 * @returns `undefined` when there is no condition
 * @throws HelveError invalid_argument
 */
export function defineConditions(
  input: ConditionsRegistration,
  parents: readonly string[],
  of: string,
): ConditionsDefinition | undefined {
  const groupOf = orGroupNumbers(of);
  const overridable = new Set(parents);
  const conditions: ConditionsDefinition = {
    parentOverrides: (input.parentOverrideConditions ?? []).map(({ base, parentReadableId: parent }) => {
      if (parent === undefined || !overridable.has(parent)) {
        throw fieldError(`parent_readable_id of a condition${of}`, parent, "must be one of the task's parents");
      }
      // Its data is always found under the parent's name, whatever key was sent.
      return { ...defineBase({ ...base, readableDataKey: parent }, groupOf, of), parent };
    }),
    sleeps: (input.sleepConditions ?? []).map(({ base, sleepFor }) => ({
      ...defineBase(base, groupOf, of),
      sleepForMs: durationMs(sleepFor, `sleep_for of a condition${of}`),
      sleepFor: sleepFor ?? "",
    })),
    userEvents: (input.userEventConditions ?? []).map(({ base, userEventKey }) => ({
      ...defineBase(base, groupOf, of),
      eventKey: requiredText(userEventKey, `user_event_key of a condition${of}`),
    })),
  };
  const count = conditions.parentOverrides.length + conditions.sleeps.length + conditions.userEvents.length;
  return count === 0 ? undefined : conditions;
}

function defineBase(
  base: BaseConditionRegistration | undefined,
  groupOf: (id: string) => string,
  of: string,
): BaseCondition {
  return {
    key: requiredText(base?.readableDataKey, `readable_data_key of a condition${of}`),
    action: oneOf(base?.action, `action of a condition${of}`, ACTIONS),
    orGroup: groupOf(base?.orGroupId ?? ""),
    expression: base?.expression ?? "",
  };
}

function orGroupNumbers(of: string): (id: string) => string {
  const numbers = new Map<string, string>();
  let next = 0;
  return (id) => {
    if (id === "" || NIL_UUID.test(id)) return String(next++);
    if (!isUuid(id)) throw fieldError(`or_group_id of a condition${of}`, id, "must be a UUID");
    const group = id.toLowerCase();
    const number = numbers.get(group) ?? String(next++);
    numbers.set(group, number);
    return number;
  };
}
