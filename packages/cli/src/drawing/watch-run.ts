import type { Rest } from "../engine/rest.ts";
import { followRun, type RunDetails } from "../engine/runs.ts";
import type { Output } from "../io.ts";
import { LiveRegion } from "../terminal/live-region.ts";
import { drawRun } from "./draw-run.ts";
import { type TaskView, viewOf } from "./run-view.ts";
import { tellChanges } from "./tell-changes.ts";

/** Fast enough for a spinner to turn, slow enough for a slow terminal. */
const REDRAW_MS = 80;

/** Shows a run until it has ended: drawn anew as it goes on a terminal, as sentences elsewhere. Rejects when aborted. */
export function watchRun(rest: Rest, id: string, output: Output, signal?: AbortSignal): Promise<RunDetails> {
  return output.isTerminal ? drawUntilEnd(rest, id, output, signal) : tellUntilEnd(rest, id, output, signal);
}

async function drawUntilEnd(rest: Rest, id: string, output: Output, signal?: AbortSignal): Promise<RunDetails> {
  const region = new LiveRegion(output);
  let views: TaskView[] = [];
  let tick = 0;
  const draw = () => {
    // The screen may have been made smaller; what scrolls out of it cannot be drawn over.
    region.draw(drawRun(views, output, Date.now(), tick++).slice(0, output.rows - 1));
  };
  const timer = setInterval(draw, REDRAW_MS);
  try {
    return await followRun(
      rest,
      id,
      (details) => {
        views = viewOf(details);
      },
      signal,
    );
  } finally {
    clearInterval(timer);
    draw();
    region.close();
  }
}

async function tellUntilEnd(rest: Rest, id: string, output: Output, signal?: AbortSignal): Promise<RunDetails> {
  let before: TaskView[] = [];
  return followRun(
    rest,
    id,
    (details) => {
      const views = viewOf(details);
      for (const sentence of tellChanges(before, views, Date.now())) output.write(`  ${sentence}\n`);
      before = views;
    },
    signal,
  );
}
