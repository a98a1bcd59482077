/**
 * Every failure that this SDK itself raises is a {@link HelveError} with one of these codes. They are the engine's codes,
 * so a refusal arrives with the code it was sent with.
 */
export type ErrorCode =
  | "invalid_argument"
  | "not_found"
  | "already_exists"
  | "failed_precondition"
  | "unauthenticated"
  | "permission_denied"
  | "resource_exhausted"
  | "unimplemented"
  | "unavailable"
  | "internal";

/** A failure with a closed code and a message that names the thing and the likely reason. */
export class HelveError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "HelveError";
    this.code = code;
  }
}

/**
 * Thrown by a task to say that another attempt would not help: the run fails at once, whatever `retries` says. Any other
 * error is retried.
 */
export class NonRetryableError extends Error {
  constructor(message?: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "NonRetryableError";
  }
}

/**
 * Whether an error asks not to be retried. Known by its name too, since a program may hold two copies of this package, or
 * throw the error of the SDK it came from.
 */
export function isNonRetryable(error: unknown): boolean {
  return error instanceof NonRetryableError || (error instanceof Error && error.name === "NonRetryableError");
}

/** How one task of a run failed, or was cancelled. */
export interface TaskFailure {
  taskName: string;
  taskRunId: string;
  status: "failed" | "cancelled";
  /** The message of the error, as far as its text could be read; empty for a cancelled task. */
  message: string;
  /** The error as the worker reported it, byte for byte. */
  text: string;
}

/** A run that was waited for did not succeed. */
export class RunFailedError extends Error {
  readonly runId: string;
  readonly status: "failed" | "cancelled";
  /** The tasks that did not succeed, in the order the engine names them. */
  readonly failures: readonly TaskFailure[];

  constructor(runId: string, status: "failed" | "cancelled", failures: readonly TaskFailure[]) {
    super(messageOf(runId, status, failures));
    this.name = "RunFailedError";
    this.runId = runId;
    this.status = status;
    this.failures = failures;
  }
}

/** Of a failed run those that failed are named; tasks that were cancelled for it say nothing new. */
function messageOf(runId: string, status: string, failures: readonly TaskFailure[]): string {
  const told = failures.filter((failure) => failure.status === status && failure.message !== "");
  if (told.length > 0) return [...new Set(told.map((failure) => failure.message))].join("; ");
  return status === "failed" ? `run ${runId} failed without a message` : `run ${runId} was cancelled`;
}

/**
 * The task this code belongs to was cancelled, timed out, or taken from this worker. It is the reason of the task's abort
 * signal, and has the name that abortable APIs give to it.
 */
export class TaskCancelledError extends Error {
  constructor(reason: string) {
    super(reason === "" ? "the task was cancelled" : reason);
    this.name = "AbortError";
  }
}

/** The message of anything that can be thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
