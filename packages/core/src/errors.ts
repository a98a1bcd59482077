/**
 * Every failure that Helve itself raises is a {@link HelveError} with one of these codes. The edge maps them to gRPC
 * and HTTP in one table each; docs/reference/errors.md explains them to users.
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

/** The caller's mistake: names the field and what is allowed there. */
export function invalidArgument(message: string): HelveError {
  return new HelveError("invalid_argument", message);
}

/** Nothing of this tenant has that id or name. */
export function notFound(message: string): HelveError {
  return new HelveError("not_found", message);
}
