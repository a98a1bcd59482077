import type { ServerDuplexStream } from "@grpc/grpc-js";
import {
  type StepRunResult,
  type SubscribeToWorkflowRunsRequest,
  type WorkflowRunEvent,
  WorkflowRunEventType,
} from "@helve/contracts";
import { isUuid, type RunId } from "@helve/core";
import type { RunResult, TaskResult } from "@helve/engine";
import { endOnError } from "../calls.ts";
import type { CallContext, Edge } from "../edge.ts";
import { MAX_MESSAGE_BYTES } from "../limits.ts";

type RunsStream = ServerDuplexStream<SubscribeToWorkflowRunsRequest, WorkflowRunEvent>;

/**
 * One published client, the old one in Python, names its first run twice, some milliseconds apart, and breaks at a second
 * answer. Clients may also ask anew for a run that they know has ended, and hang without an answer. So what is asked twice
 * before the answer went out is one question, and for this long after the first one answers wait.
 */
const FIRST_ANSWERS_WAIT_MS = 40;
/** The same where a busy machine may set the two asks further apart. */
const PYTHON_WAITS_MS = 150;

function firstAnswersWaitMs(call: RunsStream): number {
  const [userAgent = ""] = call.metadata.get("user-agent");
  return userAgent.toString().startsWith("grpc-python") ? PYTHON_WAITS_MS : FIRST_ANSWERS_WAIT_MS;
}

/**
 * SubscribeToWorkflowRuns: the client names runs, at any time, and gets one answer for each when it has ended. Ids that are
 * none are passed over, as clients expect; unknown ones may come to be.
 */
export function subscribeToWorkflowRuns(edge: Edge, { tenantId }: CallContext, call: RunsStream): void {
  /** How to stop waiting, by run. */
  const asked = new Map<RunId, () => void>();
  let held: RunResult[] | undefined = [];
  let timer: NodeJS.Timeout | undefined;

  const answer = (result: RunResult): void => {
    asked.delete(result.runId);
    if (call.writable) call.write(finishedEvent(result));
  };
  const release = (): void => {
    const results = held ?? [];
    held = undefined;
    for (const result of results) answer(result);
  };
  const ask = (runId: RunId): void => {
    if (!isUuid(runId) || asked.has(runId)) return;
    asked.set(runId, () => {});
    const stop = edge.engine.onRunEnded(tenantId, [runId], (result) => (held ? held.push(result) : answer(result)));
    // The answer may have come within the call.
    if (asked.has(runId)) asked.set(runId, stop);
  };
  call.on("data", ({ workflowRunId }: SubscribeToWorkflowRunsRequest) => {
    timer ??= setTimeout(release, firstAnswersWaitMs(call));
    endOnError(edge, call, () => ask(workflowRunId.toLowerCase()));
  });
  call.on("end", () => call.end());
  call.once("close", () => {
    clearTimeout(timer);
    for (const stop of asked.values()) stop();
    asked.clear();
  });
}

/** The answer for a run. Results that together cannot be sent are left out: clients then read them over REST. */
export function finishedEvent({ runId, tasks }: RunResult): WorkflowRunEvent {
  const event = {
    workflowRunId: runId,
    eventType: WorkflowRunEventType.WORKFLOW_RUN_EVENT_TYPE_FINISHED,
    eventTimestamp: new Date(),
  };
  const outputBytes = sum(tasks, ({ output }) => byteLength(output));
  if (outputBytes > ROOM_FOR_RESULTS) return { ...event, results: [] };
  const hasLongErrors = outputBytes + sum(tasks, ({ error }) => byteLength(error)) > ROOM_FOR_RESULTS;
  return { ...event, results: tasks.map((task) => stepResult(task, hasLongErrors)) };
}

/** What the ids and names of some thousands of tasks take beside. */
const ROOM_FOR_RESULTS = MAX_MESSAGE_BYTES - 256 * 1024;
const LONGEST_ERROR = 1_000;
const TOO_LARGE = "The error is too large to be sent here; it can be read over REST.";

function stepResult({ taskId, taskName, status, output, error }: TaskResult, hasLongErrors: boolean): StepRunResult {
  const ids = { taskRunExternalId: taskId, jobRunId: taskId, taskName };
  switch (status) {
    case "succeeded":
      return { ...ids, output: output ?? "" };
    case "skipped":
      return { ...ids, output: output ?? SKIPPED_OUTPUT };
    default: {
      const text = error || "The task was cancelled.";
      return { ...ids, error: hasLongErrors && text.length > LONGEST_ERROR ? TOO_LARGE : text };
    }
  }
}

/** How clients see that a task was skipped. */
export const SKIPPED_OUTPUT = '{"skipped":true}';

function byteLength(text: string | undefined): number {
  return text === undefined ? 0 : Buffer.byteLength(text);
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
