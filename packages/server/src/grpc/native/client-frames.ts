import { helve } from "@helve/contracts";
import { fieldError, isUuid, timeOfId } from "@helve/core";
import type { RunResult, TaskResult, TriggerRequest } from "@helve/engine";
import { checkTrigger, readLabels } from "../admin/trigger.ts";
import { MAX_MESSAGE_BYTES, SURELY_FITS } from "../limits.ts";
import { IDS_AND_NAMES } from "./worker-frames.ts";

/** An empty frame to a client. */
export function newClientFrame(): helve.EngineToClient {
  return { triggered: [], ended: [] };
}

/** A run that a client wants started. @throws HelveError invalid_argument */
export function readTrigger(trigger: helve.Trigger, isRepeated: boolean): TriggerRequest {
  const { runId, parentTaskId } = trigger;
  if (runId !== undefined) checkRunId(runId, parentTaskId);
  if (parentTaskId !== undefined && !isUuid(parentTaskId)) {
    throw fieldError("parent_task_id", parentTaskId, "must be a UUID");
  }
  // Field by field: the rest of an object costs as much memory as all else that is read of a run.
  return checkTrigger({
    workflow: trigger.workflow,
    runId: runId?.toLowerCase(),
    isRepeated: runId !== undefined && isRepeated,
    input: trigger.input,
    metadata: trigger.metadata,
    priority: trigger.priority,
    parentTaskId: parentTaskId?.toLowerCase(),
    childIndex: trigger.childIndex,
    childKey: trigger.childKey,
    desiredWorkerId: trigger.desiredWorkerId,
    desiredLabels: readLabels(trigger.desiredWorkerLabels),
  });
}

const RUN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{8}0000$/i;
/** Rows are kept by the time in their id, where there is a place for it. A clock may be wrong, but not by a day. */
const RUN_ID_MS = 24 * 3_600_000;

function checkRunId(runId: string, parentTaskId: string | undefined): void {
  if (!RUN_ID.test(runId)) throw fieldError("run_id", runId, "must be a UUIDv7 whose last 16 bits are zero");
  if (parentTaskId !== undefined) throw fieldError("run_id", runId, "must be empty for a child, which has an index");
  if (Math.abs(timeOfId(runId) - Date.now()) > RUN_ID_MS) {
    throw fieldError("run_id", runId, "must be new: it is a day off by the clock of this engine");
  }
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
