import type { LogLevel } from "../logging/logger.ts";
import type { Attempt } from "./attempt.ts";

/** What a line of a task may carry beside its message. */
export interface TaskLogExtra {
  extra?: unknown;
  error?: Error | undefined;
}

/** Writes lines that stay with the task run, and to the worker's own log. */
export interface TaskLogger {
  info(message: string, extra?: unknown): Promise<void>;
  debug(message: string, extra?: unknown): Promise<void>;
  warn(message: string, extra?: TaskLogExtra): Promise<void>;
  error(message: string, extra?: TaskLogExtra): Promise<void>;
  util(key: string, message: string, extra?: TaskLogExtra): Promise<void>;
}

/** The engine's limit for one line. */
const MAX_MESSAGE_CHARS = 10_000;

export function taskLogger(attempt: Attempt): TaskLogger {
  return {
    info: (message, extra) => logLine(attempt, "INFO", message, { extra }),
    debug: (message, extra) => logLine(attempt, "DEBUG", message, { extra }),
    warn: (message, extra) => logLine(attempt, "WARN", message, extra),
    error: (message, extra) => logLine(attempt, "ERROR", message, extra),
    util: (key, message, extra) => logLine(attempt, "INFO", `${key}: ${message}`, extra),
  };
}

/** Resolves when the worker has room for more lines. A line without text is not kept. */
export async function logLine(
  attempt: Attempt,
  level: Exclude<LogLevel, "OFF">,
  message: string,
  more: TaskLogExtra = {},
): Promise<void> {
  const { runtime, assignment } = attempt;
  const text = `${assignment.taskName} ${assignment.taskId}: ${message}`;
  if (level === "ERROR") runtime.logger.error(text, more.error);
  else if (level === "WARN") runtime.logger.warn(text, more.error);
  else runtime.logger[level === "DEBUG" ? "debug" : "info"](text);
  if (message === "") return;
  await runtime.putLog(assignment, level, message.slice(0, MAX_MESSAGE_CHARS), metadataOf(more));
}

/** The engine takes an object; what is none stands in one under `extra`. */
function metadataOf({ extra, error }: TaskLogExtra): string {
  if (extra === undefined && error === undefined) return "";
  const isObject = typeof extra === "object" && extra !== null && !Array.isArray(extra);
  const members = isObject ? extra : extra === undefined ? {} : { extra };
  return JSON.stringify(error === undefined ? members : { ...members, error: error.stack ?? error.message });
}
