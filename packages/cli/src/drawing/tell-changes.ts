import { printable } from "../terminal/style.ts";
import { elapsed } from "../terminal/time.ts";
import type { TaskView } from "./run-view.ts";

/** What happened between two looks at a run, a sentence each: what a drawing shows, for outputs that are no screen. */
export function tellChanges(before: readonly TaskView[], after: readonly TaskView[], nowMs: number): string[] {
  const known = new Map(before.map((view) => [view.key, view]));
  return after.flatMap((view) => {
    const old = known.get(view.key);
    if (old && old.state === view.state && old.attempt === view.attempt) return [];
    const sentences = sentencesOf(view, old, nowMs);
    return sentences.map((sentence) => `${view.name} ${sentence}`);
  });
}

function sentencesOf(view: TaskView, old: TaskView | undefined, nowMs: number): string[] {
  const { state, attempt, errors, startedAt, finishedAt } = view;
  const time = elapsed(startedAt, finishedAt, nowMs);
  const tries = attempt > 1 ? `, at attempt ${attempt}` : "";
  const error = errors.at(-1)?.text ?? "";
  const because = error === "" ? "" : `: ${printable(error)}`;
  switch (state) {
    case "waiting":
      return [];
    case "retrying":
      return [`failed and will be tried again${because}`];
    case "running": {
      // A retry without back-off may begin between two looks.
      const missed = attempt > 1 && old?.state !== "retrying" ? [`failed and is tried again${because}`] : [];
      return [...missed, attempt > 1 ? `runs, attempt ${attempt}` : "runs"];
    }
    case "done":
      return [`is done after ${time}${tries}`];
    case "failed":
      return [`failed${tries}${because}`];
    case "cancelled":
      return [`was cancelled${because}`];
  }
}
