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
import { MAX_MESSAGE_BYTES, MAX_UNREAD, POSTPONED_AT_ONCE } from "../limits.ts";

type RunsStream = ServerDuplexStream<SubscribeToWorkflowRunsRequest, WorkflowRunEvent>;

/**
 * SubscribeToWorkflowRuns: the client names runs, at any time, and gets one answer for each when it has ended. Ids that are
 * none are passed over, as clients expect; unknown ones may come to be.
 */
export function subscribeToWorkflowRuns(edge: Edge, { tenantId }: CallContext, call: RunsStream): void {
  /** How to stop waiting, by run. An id that comes again before its answer is one question. */
  const asked = new Map<RunId, () => void>();
  /** Runs that ended while much was unread. Their results are not kept: they are looked up when the client reads again. */
  const postponed: RunId[] = [];
  let unread = 0;
  call.once(
    "close",
    edge.openCalls.watch(() => unread),
  );
  const send = (event: WorkflowRunEvent): void => {
    const characters = sum(event.results, ({ output = "", error = "" }) => output.length + error.length);
    unread += characters;
    call.write(event, () => {
      unread -= characters;
      if (unread <= MAX_UNREAD / 2) for (const runId of postponed.splice(0, POSTPONED_AT_ONCE)) ask(runId);
    });
  };
  const ask = (runId: RunId): void => {
    if (!isUuid(runId) || asked.has(runId)) return;
    asked.set(runId, () => {});
    const stop = edge.engine.onRunEnded(tenantId, [runId], (result) => {
      asked.delete(runId);
      if (unread > MAX_UNREAD) postponed.push(runId);
      else if (call.writable) send(finishedEvent(result));
    });
    // The answer may have come within the call.
    if (asked.has(runId)) asked.set(runId, stop);
  };
  call.on("data", ({ workflowRunId }: SubscribeToWorkflowRunsRequest) => {
    endOnError(edge, call, () => ask(workflowRunId.toLowerCase()));
  });
  call.on("end", () => call.end());
  call.once("close", () => {
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
