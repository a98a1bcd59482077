import { helve } from "@helve/contracts";
import { fieldError, isUuid } from "@helve/core";
import type { RunResult, TaskResult, TriggerRequest } from "@helve/engine";
import { checkTrigger, readLabels } from "../admin/trigger.ts";
import { MAX_MESSAGE_BYTES, SURELY_FITS } from "../limits.ts";
import { IDS_AND_NAMES } from "./worker-frames.ts";

/** An empty frame to a client. */
export function newClientFrame(): helve.EngineToClient {
  return { triggered: [], ended: [] };
}

/** A run that a client wants started. @throws HelveError invalid_argument */
export function readTrigger({ parentTaskId, desiredWorkerLabels, ...trigger }: helve.Trigger): TriggerRequest {
  if (parentTaskId !== undefined && !isUuid(parentTaskId)) {
    throw fieldError("parent_task_id", parentTaskId, "must be a UUID");
  }
  return checkTrigger({
    ...trigger,
    parentTaskId: parentTaskId?.toLowerCase(),
    desiredLabels: readLabels(desiredWorkerLabels),
  });
}

const RUN_STATUS: Readonly<Record<RunResult["status"], helve.RunStatus>> = {
  succeeded: helve.RunStatus.RUN_STATUS_SUCCEEDED,
  failed: helve.RunStatus.RUN_STATUS_FAILED,
  cancelled: helve.RunStatus.RUN_STATUS_CANCELLED,
};

/** How a run ended, with the length of its texts. Results that cannot be sent are replaced by an error that says so. */
export function runEnded({ runId, status, tasks }: RunResult): { message: helve.RunEnded; characters: number } {
  const characters = tasks.reduce((sum, task) => sum + charactersOf(task), IDS_AND_NAMES);
  const message = { runId, status: RUN_STATUS[status], tasks: tasks.map(taskResult), unknown: false };
  if (characters < SURELY_FITS || fits(message)) return { message, characters };
  const short = message.tasks.map((task) => ({ ...task, output: "", error: TOO_LARGE }));
  return { message: { ...message, tasks: short }, characters: tasks.length * IDS_AND_NAMES };
}

/** A run that is not there. */
export function runUnknown(runId: string): helve.RunEnded {
  return { runId, status: helve.RunStatus.RUN_STATUS_FAILED, tasks: [], unknown: true };
}

const FRAME_BYTES = 64;
const TOO_LARGE = "The results of this run are too large to be sent here; they can be read over REST.";

function fits(message: helve.RunEnded): boolean {
  return helve.RunEnded.encode(message).finish().length + FRAME_BYTES <= MAX_MESSAGE_BYTES;
}

function charactersOf({ output = "", error = "" }: TaskResult): number {
  return output.length + error.length + IDS_AND_NAMES;
}

/** A task that was skipped has succeeded, as far as the run is concerned; its output says that it was skipped. */
function taskResult({ taskId, taskName, status, output = "", error = "" }: TaskResult): helve.TaskResult {
  const isOver = status === "failed" || status === "cancelled";
  return { taskId, taskName, status: RUN_STATUS[isOver ? status : "succeeded"], output, error };
}
