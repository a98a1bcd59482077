import type { RunDetails, Status, Summary } from "../engine/runs.ts";

/** A task as it is drawn. */
export interface TaskView {
  readonly key: string;
  readonly name: string;
  readonly state: TaskState;
  /** From 1; 0 before the first. */
  readonly attempt: number;
  readonly startedAt: string | undefined;
  readonly finishedAt: string | undefined;
  /** What attempts failed of, the oldest first. */
  readonly errors: readonly { readonly attempt: number; readonly text: string }[];
  /** Keys of the tasks it comes after. */
  readonly parents: readonly string[];
}

/** `retrying`: an attempt has failed and the next has not begun. */
export type TaskState = "waiting" | "running" | "retrying" | "done" | "failed" | "cancelled";

const STATES: Readonly<Record<Status, TaskState>> = {
  QUEUED: "waiting",
  RUNNING: "running",
  COMPLETED: "done",
  FAILED: "failed",
  CANCELLED: "cancelled",
};

/** The tasks of a run as a graph, in an order in which parents come before their children. */
export function viewOf({ shape, tasks, taskEvents }: Pick<RunDetails, "shape" | "tasks" | "taskEvents">): TaskView[] {
  const byId = new Map(tasks.map((task) => [task.taskExternalId, task]));
  const views = shape.map((step): TaskView => {
    const task = byId.get(step.taskExternalId);
    const parents = shape.filter((other) => other.childrenStepIds.includes(step.stepId)).map((other) => other.stepId);
    const errors = errorsOf(step.taskExternalId, task, taskEvents);
    return { key: step.stepId, name: step.taskName, parents, errors, ...progress(task, errors.length) };
  });
  return parentsFirst(views);
}

type Progress = Pick<TaskView, "state" | "attempt" | "startedAt" | "finishedAt">;

function progress(task: Summary | undefined, failures: number): Progress {
  const retries = task?.retryCount ?? 0;
  const state = STATES[task?.status ?? "QUEUED"];
  const isBetween = state === "waiting" && (retries > 0 || failures > 0);
  return {
    state: isBetween ? "retrying" : state,
    attempt: task?.attempt ?? (task?.startedAt ? retries + 1 : 0),
    startedAt: task?.startedAt,
    finishedAt: task?.finishedAt,
  };
}

/** From the events; a task that failed without one, as when no worker took it, has its error in its row. */
function errorsOf(
  taskId: string,
  task: Summary | undefined,
  events: RunDetails["taskEvents"],
): { attempt: number; text: string }[] {
  const errors = events
    .filter((event) => event.taskId === taskId && (event.errorMessage ?? "") !== "")
    .map(({ attempt = 1, errorMessage = "" }) => ({ attempt, text: readableError(errorMessage) }))
    .reverse();
  if (errors.length > 0 || !task?.errorMessage) return errors;
  return [{ attempt: task.attempt ?? 1, text: readableError(task.errorMessage) }];
}

/** Published TypeScript clients send their errors as JSON with a stack. */
export function readableError(text: string): string {
  if (!text.startsWith("{")) return text;
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === "string" && message !== "" ? message : text;
  } catch {
    return text;
  }
}

function parentsFirst(views: readonly TaskView[]): TaskView[] {
  const left = new Map(views.map((view) => [view.key, view]));
  const ordered: TaskView[] = [];
  while (left.size > 0) {
    const ready = [...left.values()].filter((view) => view.parents.every((parent) => !left.has(parent)));
    // A circle cannot be registered; if one comes all the same, it is shown rather than waited for.
    for (const view of ready.length > 0 ? ready : [...left.values()]) {
      ordered.push(view);
      left.delete(view.key);
    }
  }
  return ordered;
}
