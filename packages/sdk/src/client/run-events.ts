import type { ServiceError } from "@grpc/grpc-js";
import { ResourceEventType, ResourceType, type WorkflowEvent } from "@helve/contracts";
import type { EngineConnection } from "../transport/engine-connection.ts";
import { fromGrpcError } from "../transport/grpc-error.ts";
import { reconnectDelayMs } from "../transport/reconnect-delay.ts";

/**
 * What happens in a run from now on, until it has ended; nothing for one that had ended before. When the connection
 * breaks, it is made again and goes on with what happens then.
 *
 * @throws HelveError not_found for an unknown run
 */
export async function* runEvents(
  connection: EngineConnection,
  runId: string,
): AsyncGenerator<WorkflowEvent, void, undefined> {
  for (let failures = 1; ; failures += 1) {
    const call = connection.dispatcher.subscribeToWorkflowEvents({ workflowRunId: runId }, connection.metadata);
    try {
      for await (const event of call as AsyncIterable<WorkflowEvent>) {
        failures = 0;
        yield event;
        if (event.hangup) return;
      }
      return;
    } catch (cause) {
      const error = fromGrpcError(cause as ServiceError, `events of run ${runId}`);
      if (error.code !== "unavailable") throw error;
    } finally {
      call.cancel();
    }
    await new Promise((resolve) => setTimeout(resolve, reconnectDelayMs(Math.max(1, failures), Math.random())));
  }
}

/** The stream chunks of a run as text, in the order in which its tasks have put them. */
export async function* runStream(connection: EngineConnection, runId: string): AsyncGenerator<string, void, undefined> {
  for await (const event of runEvents(connection, runId)) {
    const isTask = event.resourceType === ResourceType.RESOURCE_TYPE_STEP_RUN;
    if (isTask && event.eventType === ResourceEventType.RESOURCE_EVENT_TYPE_STREAM) yield event.eventPayload;
  }
}
