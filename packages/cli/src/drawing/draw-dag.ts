import type { Paint } from "../terminal/style.ts";
import { fit } from "../terminal/style.ts";
import { Canvas } from "./canvas.ts";
import { type Layer, layOut } from "./dag-layout.ts";
import type { TaskView } from "./run-view.ts";
import { detailOf, signOf } from "./task-text.ts";

/** Between the last letter of a name and the line that leaves it. */
const GAP = 1;
/** From one upright line between two layers to the next. */
const LANE = 2;
const LONGEST_NAME = 24;
/** What stands beneath a name is cut where it would widen the drawing further. */
const DETAIL_WIDTH = 14;

/**
 * Draws a run as a graph, parents left of their children. A name takes the same room whatever its task's state is, so that
 * a drawing that is redrawn stands still.
 *
 * @returns lines without line ends; undefined when it does not fit
 */
export function drawDag(
  views: readonly TaskView[],
  { paint, columns, nowMs, tick }: { paint: Paint; columns: number; nowMs: number; tick: number },
): string[] | undefined {
  const byKey = new Map(views.map((view) => [view.key, view]));
  const nodes = views.map(({ key, parents, name }) => ({
    key,
    parents,
    width: 2 + Math.max(nameOf(name).length, DETAIL_WIDTH),
  }));
  const { layers, rows } = layOut(nodes);
  const canvas = new Canvas();
  let left = 0;
  for (const layer of layers) {
    const right = left + layer.width + GAP;
    for (const { key, row } of layer.nodes) {
      const view = byKey.get(key) as TaskView;
      const sign = signOf(view, tick);
      canvas.text(row, left, sign.text, sign.style);
      canvas.text(row, left + 2, nameOf(view.name), view.state === "waiting" ? "dim" : undefined);
      const detail = detailOf(view, nowMs);
      canvas.text(row + 1, left + 2, fit(detail.text, layer.width - 2), detail.style);
      if (layer.bundles.some((bundle) => bundle.fromRows.includes(row))) {
        canvas.horizontal(row, left + 2 + nameOf(view.name).length + GAP, right);
      }
    }
    for (const row of layer.passing) canvas.horizontal(row, left > 0 ? left - GAP : 0, right);
    left = connect(canvas, layer, right);
  }
  if (left > columns || rows > 40) return undefined;
  return canvas.lines(paint);
}

/** Draws the lines to the next layer. @returns where that begins */
function connect(canvas: Canvas, { bundles }: Layer, right: number): number {
  if (bundles.length === 0) return right;
  const next = right + LANE * bundles.length + GAP + 1;
  bundles.forEach(({ fromRows, toRows }, i) => {
    const lane = right + LANE * (i + 1) - 1;
    const ends = [...fromRows, ...toRows];
    canvas.vertical(lane, Math.min(...ends), Math.max(...ends));
    for (const row of fromRows) canvas.horizontal(row, right, lane);
    for (const row of toRows) canvas.horizontal(row, lane, next - GAP - 1);
  });
  return next;
}

function nameOf(name: string): string {
  return fit(name, LONGEST_NAME);
}
