import { fit, type Paint } from "../terminal/style.ts";
import type { TaskView } from "./run-view.ts";
import { detailOf, signOf } from "./task-text.ts";

/** A run as a list, for graphs that are too large to draw: a task a line, and what it comes after. */
export function listTasks(
  views: readonly TaskView[],
  { paint, columns, nowMs, tick }: { paint: Paint; columns: number; nowMs: number; tick: number },
): string[] {
  const names = new Map(views.map(({ key, name }) => [key, name]));
  const width = Math.max(0, ...views.map(({ name }) => name.length));
  return views.map((view) => {
    const sign = signOf(view, tick);
    const detail = detailOf(view, nowMs).text;
    const after = view.parents.length > 0 ? `after ${view.parents.map((key) => names.get(key)).join(", ")}` : "";
    const text = fit(`${view.name.padEnd(width)}  ${detail.padEnd(16)}  ${after}`.trimEnd(), columns - 3);
    return `${sign.style ? paint(sign.style, sign.text) : sign.text} ${text}`;
  });
}
