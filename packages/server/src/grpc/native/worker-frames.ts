import { helve } from "@helve/contracts";
import {
  ACTION_RULE,
  fieldError,
  invalidArgument,
  isName,
  isUuid,
  MAX_INT32,
  NAME_RULE,
  NATIVE_RUNTIME,
  normaliseActionId,
  refuseNul,
  type TaskRunId,
  wholeNumber,
} from "@helve/core";
import type { AssignedTask, Labels, Report, WorkerRegistration } from "@helve/engine";
import { failure, success } from "../dispatcher/report-events.ts";

/** An empty frame to a worker. */
export function newWorkerFrame(): helve.EngineToWorker {
  return {
    registered: undefined,
    assignments: [],
    cancels: [],
    durableThrough: undefined,
    timeoutsRefreshed: [],
    command: undefined,
  };
}

/** A worker's first words. @throws HelveError invalid_argument */
export function readRegister({ name, actions, slots, labels, runtime }: helve.Register): WorkerRegistration {
  if (!isName(name)) throw fieldError("register.name", name, NAME_RULE);
  refuseNul({ slots, runtime }, "register");
  for (const [kind, units] of Object.entries(slots)) wholeNumber(units, `register.slots['${kind}']`, 0, MAX_INT32);
  return {
    name,
    actions: actions.map((action, i) => {
      const normalised = normaliseActionId(action);
      if (normalised === undefined) throw fieldError(`register.actions[${i}]`, action, ACTION_RULE);
      return normalised;
    }),
    slots,
    labels: readLabels(labels),
    runtime: { ...runtime, extra: NATIVE_RUNTIME },
  };
}

/** A label without a value is left out. */
export function readLabels(labels: readonly helve.Label[]): Labels {
  refuseNul(labels, "labels");
  return Object.fromEntries(labels.flatMap(({ key, value }) => (value === undefined ? [] : [[key, value.value]])));
}

/** An attempt that a worker names. @throws HelveError invalid_argument */
export function readAttempt({ taskId, attempt }: helve.Attempt): { taskId: TaskRunId; attempt: number } {
  return { taskId: readTaskId(taskId), attempt: wholeNumber(attempt, "attempt", 1, MAX_INT32) };
}

/** A task that a worker names. @throws HelveError invalid_argument */
export function readTaskId(taskId: string): TaskRunId {
  if (!isUuid(taskId)) throw fieldError("task_id", taskId, "must be a UUID");
  return taskId.toLowerCase();
}

/** A worker's report in the engine's words. @throws HelveError invalid_argument */
export function readReport(report: helve.Report): Report {
  const { taskId, attempt } = readAttempt(report);
  switch (report.outcome) {
    case helve.Outcome.OUTCOME_STARTED:
      return { taskId, attempt, outcome: "started" };
    case helve.Outcome.OUTCOME_SUCCEEDED:
      return { taskId, attempt, ...success(report.payload) };
    case helve.Outcome.OUTCOME_FAILED:
      return { taskId, attempt, ...failure(report.payload, !report.notRetryable) };
    case helve.Outcome.OUTCOME_ENDED:
      return { taskId, attempt, outcome: "ended" };
    case helve.Outcome.OUTCOME_RETURNED:
      return { taskId, attempt, outcome: "returned" };
  }
  throw invalidArgument(`outcome is ${report.outcome}: it must be one of 0 to 4`);
}

/** A task in the words of the wire. */
export function assignment(task: AssignedTask): helve.Assignment {
  return {
    taskId: task.id,
    attempt: task.attempt,
    runId: task.runId,
    action: task.action,
    taskName: task.taskName,
    input: task.input,
    parents: task.parents === "{}" ? "" : task.parents,
    metadata: task.metadata,
    priority: task.priority,
    workflowId: task.workflowId,
    workflowVersionId: task.versionId,
    parentTaskId: task.parentTaskId,
    childIndex: task.childIndex,
    childKey: task.childKey,
    stepRunErrors: task.stepRunErrors,
    retryCount: task.attempt - 1,
    executionTimeoutMs: task.executionTimeoutMs,
  };
}

/** Length of the texts of a task that can be long. */
export function charactersOf({ input, parents, metadata, stepRunErrors = "" }: AssignedTask): number {
  return input.length + parents.length + metadata.length + stepRunErrors.length + IDS_AND_NAMES;
}

/** What the short texts of a message take together, roughly. */
export const IDS_AND_NAMES = 400;
