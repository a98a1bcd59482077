import type { Wait, WaitReason } from "../engine/waits.ts";
import { printable } from "../terminal/style.ts";
import { duration } from "../terminal/time.ts";

/** What the graph of a run shows already. */
const SHOWN_BY_GRAPH: readonly string[] = ["parents", "no_failure"];

/**
 * Why tasks wait, for people: each reason with the workers and the tasks in the way, and what would release the task.
 * Tasks that wait for others of their run are left out.
 */
export function waitLines(waits: readonly Wait[], nowMs: number): string[] {
  return waits.flatMap(({ taskName, reasons }) =>
    reasons
      .filter(({ rule }) => !SHOWN_BY_GRAPH.includes(rule))
      .flatMap((reason) => [
        `${printable(taskName)}: ${printable(reason.message)}`,
        ...reason.workers.map(({ name, detail }) => `  ${printable(name)} ${printable(detail)}`),
        ...reason.tasks.map(({ taskExternalId, detail }) => `  ${printable(detail)}, task ${taskExternalId}`),
        `  released by: ${printable(reason.releasedBy)}${limitText(reason, nowMs)}`,
      ]),
  );
}

/** The same in one line, of the task that is nearest to running. */
export function waitSummary([wait]: readonly Wait[]): string {
  return wait?.reasons.map(({ message }) => message).join("; ") ?? "";
}

function limitText({ rule, deadline }: WaitReason, nowMs: number): string {
  if (deadline === undefined) return "";
  const left = duration(Math.max(0, Date.parse(deadline) - nowMs));
  return rule === "back_off" ? `, in ${left}` : `; its schedule timeout is in ${left}`;
}
