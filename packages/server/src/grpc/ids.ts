import { invalidArgument, isUuid, MAX_INT32, type Uuid, wholeNumber } from "@helve/core";

/** A worker's id of a request, in the form the engine knows it by. */
export function readWorkerId(text: string): Uuid {
  if (!isUuid(text)) throw invalidArgument(`invalid worker ID format: ${text}`);
  return text.toLowerCase();
}

/** A task run's id of a request. */
export function readTaskId(text: string): Uuid {
  if (!isUuid(text)) throw invalidArgument(`invalid task external run id ${text}: ${uuidProblem(text)}`);
  return text.toLowerCase();
}

/** The attempt that a retry count means: it counts from 0. @throws HelveError invalid_argument */
export function attemptOf(retryCount: number, field: string): number {
  return wholeNumber(retryCount, field, 0, MAX_INT32 - 1) + 1;
}

/** What is wrong with a text that should be a UUID, in the words clients have always been told it. */
export function uuidProblem(text: string): string {
  return text.length === 36 ? "invalid UUID format" : `invalid UUID length: ${text.length}`;
}
