import type { Style } from "../terminal/style.ts";
import { elapsed } from "../terminal/time.ts";
import type { TaskState, TaskView } from "./run-view.ts";

interface Shown {
  text: string;
  style: Style | undefined;
}

const SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

const SIGNS: Readonly<Record<TaskState, Shown>> = {
  waiting: { text: "○", style: "dim" },
  running: { text: "●", style: "cyan" },
  retrying: { text: "↻", style: "yellow" },
  done: { text: "✓", style: "green" },
  failed: { text: "✗", style: "red" },
  cancelled: { text: "⊘", style: "yellow" },
};

/** @param tick counts the drawings of one that moves; negative for a single one */
export function signOf({ state }: TaskView, tick: number): Shown {
  if (state === "running" && tick >= 0) return { text: SPINNER[tick % SPINNER.length] as string, style: "cyan" };
  return SIGNS[state];
}

/** What stands beneath a name: how long, and which attempt if it is not the first. */
export function detailOf({ state, attempt, startedAt, finishedAt }: TaskView, nowMs: number): Shown {
  if (state === "waiting") return { text: "", style: "dim" };
  if (state === "retrying") return { text: "failed, again", style: "yellow" };
  const time = elapsed(startedAt, finishedAt, nowMs);
  const parts = [time, ...(attempt > 1 ? [`try ${attempt}`] : [])];
  return { text: parts.filter((part) => part !== "").join(", "), style: "dim" };
}
