import { type StatusObject, status } from "@grpc/grpc-js";
import { type ErrorCode, HelveError } from "@helve/core";
import type { Logger } from "pino";

/** Every code of Helve as gRPC says it. Clients branch on these: they repeat some and give up on others. */
export const GRPC_STATUS: Readonly<Record<ErrorCode, status>> = {
  invalid_argument: status.INVALID_ARGUMENT,
  not_found: status.NOT_FOUND,
  already_exists: status.ALREADY_EXISTS,
  failed_precondition: status.FAILED_PRECONDITION,
  unauthenticated: status.UNAUTHENTICATED,
  permission_denied: status.PERMISSION_DENIED,
  resource_exhausted: status.RESOURCE_EXHAUSTED,
  unimplemented: status.UNIMPLEMENTED,
  unavailable: status.UNAVAILABLE,
  internal: status.INTERNAL,
};

const INTERNAL_TEXT = "An internal error occurred.";

/** Texts travel in a header, and whole stacks of headers are bounded; some messages quote what a client sent. */
const MAX_TEXT_LENGTH = 2_000;

/**
 * What a failed call answers. An error that nobody foresaw is logged whole and leaves as `INTERNAL` without its text.
 *
 * @param rpc the call, for the log
 */
export function toStatus(error: unknown, rpc: string, log: Logger): Pick<StatusObject, "code" | "details"> {
  if (error instanceof HelveError && error.code !== "internal") {
    if (error.code === "unavailable") log.warn({ rpc, err: error }, "call refused for now");
    return { code: GRPC_STATUS[error.code], details: statusText(error.message) };
  }
  log.error({ rpc, err: error }, "call failed");
  return { code: status.INTERNAL, details: INTERNAL_TEXT };
}

/** A text fit for the status header: not too long, and without half characters, which it cannot hold. */
export function statusText(text: string): string {
  const short = text.length <= MAX_TEXT_LENGTH ? text : `${text.slice(0, MAX_TEXT_LENGTH)}…`;
  return short.replace(/[\ud800-\udfff]/gu, "\ufffd");
}
