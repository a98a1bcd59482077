import type { Output } from "../io.ts";
import { painter } from "../terminal/style.ts";
import { drawDag } from "./draw-dag.ts";
import { listTasks } from "./list-tasks.ts";
import type { TaskView } from "./run-view.ts";

const INDENT = "  ";

/**
 * A run as lines that fit the output: the graph where there is room for it, else the list.
 *
 * @param tick see `signOf`
 */
export function drawRun(views: readonly TaskView[], output: Output, nowMs: number, tick = -1): string[] {
  const columns = output.columns - INDENT.length;
  const options = { paint: painter(output), columns, nowMs, tick };
  const graph = drawDag(views, options);
  const lines = graph && graph.length < output.rows - 1 ? graph : listTasks(views, options);
  return lines.map((line) => INDENT + line);
}
