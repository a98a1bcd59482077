import { type ServiceError, status } from "@grpc/grpc-js";
import { type ErrorCode, HelveError } from "../errors.ts";

/** gRPC codes missing here are the engine's trouble, not the caller's. */
const CODES: Readonly<Partial<Record<number, ErrorCode>>> = {
  [status.INVALID_ARGUMENT]: "invalid_argument",
  [status.NOT_FOUND]: "not_found",
  [status.ALREADY_EXISTS]: "already_exists",
  [status.FAILED_PRECONDITION]: "failed_precondition",
  [status.UNAUTHENTICATED]: "unauthenticated",
  [status.PERMISSION_DENIED]: "permission_denied",
  [status.RESOURCE_EXHAUSTED]: "resource_exhausted",
  [status.UNIMPLEMENTED]: "unimplemented",
  [status.UNAVAILABLE]: "unavailable",
  [status.DEADLINE_EXCEEDED]: "unavailable",
  [status.CANCELLED]: "unavailable",
};

/** @param what the call, as a person would name it */
export function fromGrpcError(error: ServiceError, what: string): HelveError {
  const code = CODES[error.code] ?? "internal";
  return new HelveError(code, `${what}: ${readable(error.details || error.message)}`, { cause: error });
}

/** Of what the channel says when it has no connection, the reason is what helps. */
function readable(details: string): string {
  const reason = /Last error: (?:Error: )?(.*?)\.? Resolution note:/s.exec(details)?.[1];
  return reason === undefined ? details : `cannot be reached (${reason})`;
}

/** Errors that the same call will meet again, however often it is made. */
const FATAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "unauthenticated",
  "permission_denied",
  "unimplemented",
  "invalid_argument",
]);

export function isFatal(code: ErrorCode): boolean {
  return FATAL.has(code);
}
