import { once } from "node:events";
import type { ClientReadableStream } from "@grpc/grpc-js";
import {
  ActionType,
  type AssignedAction,
  DispatcherService,
  StepActionEvent,
  type StepActionEventType,
  v1,
  WorkerRegisterRequest,
  WorkflowServiceService,
} from "@helve/contracts";
import { call, type TestClient } from "./test-client.ts";

/** Puts a workflow of one task whose action has the same name. */
export async function putWorkflow(
  client: TestClient,
  name: string,
  task: Parameters<typeof v1.CreateTaskOpts.create>[0] = {},
): Promise<void> {
  const only = v1.CreateTaskOpts.create({ readableId: "only", action: `${name}:only`, ...task });
  const request = v1.CreateWorkflowVersionRequest.create({ name, tasks: [only] });
  await call(client, v1.AdminServiceService.putWorkflow, request);
}

/** Triggers one run. @returns its id */
export async function trigger(client: TestClient, name: string, input: unknown = {}): Promise<string> {
  const request = v1.TriggerWorkflowRequest.create({ name, input: JSON.stringify(input) });
  return (await call(client, WorkflowServiceService.triggerWorkflow, request)).workflowRunId;
}

/** A worker by hand: it takes actions in the order they come and reports what it is told to. */
export interface TestWorker {
  id: string;
  stream: ClientReadableStream<AssignedAction>;
  /** The next start or cancel. */
  next(): Promise<AssignedAction>;
  report(
    action: AssignedAction,
    type: StepActionEventType,
    payload?: string,
    more?: Partial<StepActionEvent>,
  ): Promise<void>;
}

/** Registers a worker and listens. It sends no heartbeats: after 12 s it is given up, unless it listens the older way. */
export async function startWorker(
  client: TestClient,
  action: string,
  slots = 10,
  name = "test-worker",
  way: "listen" | "listenV2" = "listenV2",
): Promise<TestWorker> {
  const registration = WorkerRegisterRequest.create({
    workerName: name,
    actions: [action],
    slotConfig: { default: slots },
  });
  const { workerId } = await call(client, DispatcherService.register, registration);
  const stream = client.dispatcher[way]({ workerId }, client.metadata);
  const actions: AssignedAction[] = [];
  stream.on("data", (received: AssignedAction) => actions.push(received));
  stream.on("error", () => {});
  return {
    id: workerId,
    stream,
    async next() {
      while (actions.length === 0) await once(stream, "data");
      return actions.shift() as AssignedAction;
    },
    async report({ taskRunExternalId, retryCount }, eventType, eventPayload = "", more = {}) {
      const event = StepActionEvent.create({ taskRunExternalId, retryCount, eventType, eventPayload, ...more });
      await call(client, DispatcherService.sendStepActionEvent, event);
    },
  };
}

/** Whether an action starts a task. */
export function isStart({ actionType }: AssignedAction): boolean {
  return actionType === ActionType.START_STEP_RUN;
}
