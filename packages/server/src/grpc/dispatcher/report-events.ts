import {
  type ActionEventResponse,
  type BatchActionEvent,
  type BatchActionEventItem,
  type StepActionEvent,
  StepActionEventType,
} from "@helve/contracts";
import { checkJson, fieldError, HelveError, invalidArgument, isUuid, type WorkerId } from "@helve/core";
import type { Report } from "@helve/engine";
import { requireCertificateOf } from "../certificate-names.ts";
import { type CallContext, type Edge, heardOf } from "../edge.ts";
import { attemptOf, readTaskId } from "../ids.ts";

/** SendStepActionEvent: what a worker says of one attempt. A late report is answered OK, since clients repeat errors. */
export async function sendStepActionEvent(
  edge: Edge,
  caller: CallContext,
  event: StepActionEvent,
): Promise<ActionEventResponse> {
  const report = readReport(event.eventType, event, REPORTABLE);
  if (report) {
    if (caller.certificateNames) await requireCertificateOf(edge, caller, { attempts: [report] });
    heardOf(edge, caller, report);
    const [answer] = await edge.engine.report(caller.tenantId, [report], workerOf(event));
    if (answer === "unknown") {
      throw invalidArgument(`invalid task external run id ${event.taskRunExternalId}: no rows in result set`);
    }
  }
  return { tenantId: caller.tenantId, workerId: event.workerId };
}

/** SendBatchActionEvent: one kind of report for many tasks. Unknown ones are passed over. */
export async function sendBatchActionEvent(
  edge: Edge,
  caller: CallContext,
  event: BatchActionEvent,
): Promise<ActionEventResponse> {
  const reports = event.items.flatMap((item) => readReport(event.eventType, item, BATCH_REPORTABLE) ?? []);
  const [first] = reports;
  if (first) {
    if (caller.certificateNames) await requireCertificateOf(edge, caller, { attempts: reports });
    heardOf(edge, caller, first);
    await edge.engine.report(caller.tenantId, reports, workerOf(event));
  }
  return { tenantId: caller.tenantId, workerId: event.workerId };
}

/** Not all that report fill it in. */
function workerOf({ workerId }: { workerId: string }): WorkerId | undefined {
  return isUuid(workerId) ? workerId.toLowerCase() : undefined;
}

const { STEP_EVENT_TYPE_STARTED, STEP_EVENT_TYPE_COMPLETED, STEP_EVENT_TYPE_FAILED } = StepActionEventType;
const { STEP_EVENT_TYPE_ACKNOWLEDGED, STEP_EVENT_TYPE_CANCELLED } = StepActionEventType;
const BATCH_REPORTABLE = "must be one of STARTED, COMPLETED, FAILED, CANCELLED";
const REPORTABLE = `${BATCH_REPORTABLE}, ACKNOWLEDGED`;

/**
 * A report in the engine's words; `undefined` for an acknowledgement, which says nothing.
 *
 * @param rule the allowed kinds, to end an error message with
 * @throws HelveError invalid_argument
 */
export function readReport(type: StepActionEventType, item: BatchActionEventItem, rule: string): Report | undefined {
  const taskId = readTaskId(item.taskRunExternalId);
  const attempt = item.retryCount === undefined ? null : attemptOf(item.retryCount, "retry_count");
  switch (type) {
    case STEP_EVENT_TYPE_STARTED:
      return { taskId, attempt, outcome: "started" };
    case STEP_EVENT_TYPE_COMPLETED:
      return { taskId, attempt, ...success(item.eventPayload) };
    case STEP_EVENT_TYPE_FAILED:
      return { taskId, attempt, ...failure(item.eventPayload, item.shouldNotRetry !== true) };
    case STEP_EVENT_TYPE_CANCELLED:
      return { taskId, attempt, outcome: "cancelled" };
    case STEP_EVENT_TYPE_ACKNOWLEDGED:
      if (rule === REPORTABLE) return undefined;
  }
  throw fieldError("event_type", type, rule);
}

type Success = { outcome: "succeeded"; output: string };
type Failure = { outcome: "failed"; error: string; isRetryable: boolean };

/** A success whose output is no JSON, or means the character NUL, is a failure of the task, and retried as such. */
export function success(output: string): Success | Failure {
  try {
    checkJson(output, "taskOutput");
  } catch (error) {
    if (!(error instanceof HelveError)) throw error;
    return failure(error.message.replace(/^Invalid request: /, ""), true);
  }
  return { outcome: "succeeded", output };
}

/** An error text goes through as it was sent, but for the character NUL, which the database cannot hold. */
export function failure(error: string, isRetryable: boolean): Failure {
  return { outcome: "failed", error: error.includes("\0") ? error.replaceAll("\0", "\ufffd") : error, isRetryable };
}
