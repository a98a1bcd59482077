import type { AssignedTask } from "@helve/engine";
import type { Edge } from "./edge.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";

/**
 * Fails a task that no worker can be sent. Sent all the same it would end the worker's stream, and the next one's, and so
 * on through its attempts.
 */
export function failAsTooLarge({ engine, log }: Edge, { tenantId, id, attempt, workerId }: AssignedTask): void {
  const error = `its input and its parents' outputs exceed the ${MAX_MESSAGE_BYTES} bytes that a worker can be sent`;
  engine
    .report(tenantId, [{ taskId: id, attempt, outcome: "failed", error, isRetryable: false }])
    .catch((err: unknown) => log.error({ err, taskId: id, workerId }, "a task too large to send could not be failed"));
}
