import type { PutLogRequest, PutLogResponse } from "@helve/contracts";
import { fieldError, isJsonObject, MAX_INT32, wholeNumber } from "@helve/core";
import type { LogLine } from "@helve/engine";
import { requireCertificateOf } from "../certificate-names.ts";
import { type CallContext, type Edge, heardOf } from "../edge.ts";
import { attemptOf, readTaskId } from "../ids.ts";

const MAX_CHARACTERS = 10_000;
const LEVELS = new Set(["INFO", "ERROR", "WARN", "DEBUG"]);
/** Of a line that names none. */
const DEFAULT_LEVEL = "INFO";

/** EventsService/PutLog: one line of a task's log. */
export async function putLog(edge: Edge, caller: CallContext, request: PutLogRequest): Promise<PutLogResponse> {
  const taskId = readTaskId(request.taskRunExternalId);
  const { message, level = DEFAULT_LEVEL, metadata, taskRetryCount } = request;
  const attempt = taskRetryCount === undefined ? undefined : attemptOf(taskRetryCount, "task_retry_count");
  const line = checkLogLine({ taskId, attempt, level, message, metadata });
  const heard = { taskId, attempt: attempt ?? null };
  if (caller.certificateNames) await requireCertificateOf(edge, caller, { attempts: [heard] });
  heardOf(edge, caller, heard);
  await edge.engine.putLogs(caller.tenantId, [line]);
  return {};
}

/**
 * What every way to log checks. Metadata may be empty, and is an object then.
 *
 * @throws HelveError invalid_argument naming the field and what is allowed there
 */
export function checkLogLine(line: LogLine): LogLine {
  const { message, level, metadata, attempt } = line;
  if (attempt !== undefined) wholeNumber(attempt, "attempt", 1, MAX_INT32);
  if (message === "" || message.length > MAX_CHARACTERS) {
    throw fieldError("message", message, `must have 1 to ${MAX_CHARACTERS} characters`);
  }
  if (!LEVELS.has(level)) throw fieldError("level", level, `must be one of ${[...LEVELS].join(", ")}`);
  if (metadata !== "" && (!isJsonObject(metadata) || metadata.includes("\\u0000"))) {
    throw fieldError("metadata", metadata, "must be a JSON object without the character NUL");
  }
  return { ...line, message: message.replaceAll("\0", "\ufffd"), metadata: metadata || "{}" };
}
