import { createHash } from "node:crypto";
import type { TaskDefinition, WorkflowDefinition } from "./workflow-definition.ts";

/**
 * What tells two versions of a workflow apart: `sha512:<hex>` over a canonical rendering of the definition. A workflow
 * registered again with an equal checksum is the version that is already there.
 *
 * Everything in the definition counts, so what must not count (order of tasks, values of or-group ids, the sender's
 * version text) has been levelled by `defineWorkflow`. Left out here is what a task says by saying nothing, so that a
 * later default written out does not make new versions of every workflow there is: a slot request of one default slot
 * and `isDurable: false`.
 */
export function workflowChecksum(definition: WorkflowDefinition): string {
  const counted = {
    ...definition,
    tasks: definition.tasks.map(countedTask),
    onFailure: definition.onFailure && countedTask(definition.onFailure),
  };
  return `sha512:${createHash("sha512").update(canonicalJson(counted)).digest("hex")}`;
}

function countedTask({ slotRequests, isDurable, ...task }: TaskDefinition): Partial<TaskDefinition> {
  const isOneDefaultSlot = Object.keys(slotRequests).length === 1 && slotRequests.default === 1;
  return { ...task, ...(!isOneDefaultSlot && { slotRequests }), ...(isDurable && { isDurable }) };
}

/** JSON with the keys of each object in order and without members that are undefined; lists keep their order. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, part]) => `${JSON.stringify(key)}:${canonicalJson(part)}`);
  return `{${members.join(",")}}`;
}
