import { helve } from "@helve/contracts";
import { HelveError, RunFailedError, type TaskFailure } from "../errors.ts";

const { RUN_STATUS_SUCCEEDED, RUN_STATUS_CANCELLED } = helve.RunStatus;

/**
 * What a run has given: the output of its only task when it is named, else the outputs of its tasks by name.
 *
 * @param standaloneTask the task, for a run of a task that stands alone
 * @returns an error for a run that did not succeed or is not known
 */
export function resultOf(run: helve.RunEnded, standaloneTask: string | undefined): unknown | Error {
  if (run.unknown) return new HelveError("not_found", `there is no run ${run.runId}`);
  if (run.status !== RUN_STATUS_SUCCEEDED) return failureOf(run);
  if (standaloneTask !== undefined) {
    const task = run.tasks.find(({ taskName }) => taskName === standaloneTask) ?? run.tasks[0];
    return parseOutput(task?.output ?? "");
  }
  const outputs: Record<string, unknown> = {};
  for (const task of run.tasks) outputs[task.taskName] = parseOutput(task.output);
  return outputs;
}

function failureOf(run: helve.RunEnded): RunFailedError {
  const failures: TaskFailure[] = [];
  for (const { status, taskName, taskId, error } of run.tasks) {
    if (status === RUN_STATUS_SUCCEEDED) continue;
    const message = readErrorMessage(error);
    failures.push({ taskName, taskRunId: taskId, status: statusName(status), message, text: error });
  }
  return new RunFailedError(run.runId, statusName(run.status), failures);
}

function statusName(status: helve.RunStatus): "failed" | "cancelled" {
  return status === RUN_STATUS_CANCELLED ? "cancelled" : "failed";
}

/** Outputs are JSON, which the engine has checked; an empty one is that of a task which returned nothing. */
function parseOutput(text: string): unknown {
  return text === "" ? {} : JSON.parse(text);
}

/** TypeScript workers report `{"message", "stack"}` as JSON, those of other languages text. */
export function readErrorMessage(text: string): string {
  if (!text.startsWith("{")) return text;
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === "string" ? message : text;
  } catch {
    return text;
  }
}
