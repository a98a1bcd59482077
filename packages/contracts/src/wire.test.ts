import { expect, test } from "vitest";
import {
  Any,
  AssignedAction,
  DispatcherService,
  EventsServiceService,
  RpcStatus,
  SDKS,
  StepActionEventType,
  v1,
  WorkflowEvent,
  WorkflowServiceService,
} from "./index.ts";

/** Bytes as written by hand: numbers are themselves, text is its UTF-8. */
function bytes(...parts: (number | string)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.of(part))));
}

test("a worker registers with slots in field 9 and an explicit zero in an optional enum", () => {
  const encoded = DispatcherService.register.requestSerialize({
    workerName: "w",
    actions: ["a:b", "a:c"],
    services: [],
    labels: { gpu: { intValue: 1 } },
    runtimeInfo: { language: SDKS.UNKNOWN },
    slotConfig: { default: 5 },
  });

  expect(encoded).toEqual(
    bytes(
      ...[0x0a, 1, "w"],
      ...[0x12, 3, "a:b", 0x12, 3, "a:c"],
      ...[0x2a, 9, 0x0a, 3, "gpu", 0x12, 2, 0x10, 1],
      ...[0x3a, 2, 0x10, 0],
      ...[0x4a, 11, 0x0a, 7, "default", 0x10, 5],
    ),
  );
});

test("a report keeps an explicit retry count of zero and its time", () => {
  const encoded = bytes(
    ...[0x0a, 1, "w"],
    ...[0x2a, 1, "t"],
    ...[0x3a, 7, 0x08, 0xe8, 7, 0x10, 0xc0, 0x84, 0x3d],
    ...[0x40, 3],
    ...[0x4a, 4, "oops"],
    ...[0x50, 0],
    ...[0x58, 1],
  );
  const report = {
    workerId: "w",
    jobId: "",
    jobRunId: "",
    taskId: "",
    taskRunExternalId: "t",
    actionId: "",
    eventTimestamp: new Date(1_000_001),
    eventType: StepActionEventType.STEP_EVENT_TYPE_FAILED,
    eventPayload: "oops",
    retryCount: 0,
    shouldNotRetry: true,
  };

  expect(DispatcherService.sendStepActionEvent.requestDeserialize(encoded)).toEqual(report);
  expect(DispatcherService.sendStepActionEvent.requestSerialize(report)).toEqual(encoded);
});

test("an action has its fields above 15 where clients look for them", () => {
  const encoded = DispatcherService.listenV2.responseSerialize(
    AssignedAction.create({
      taskRunExternalId: "t",
      additionalMetadata: "{}",
      childWorkflowIndex: 0,
      priority: 1,
      durableTaskInvocationCount: 2,
      batchStartPayload: { triggerReason: "full", triggerTime: new Date(0), expectedSize: 3 },
      batchKey: "k",
    }),
  );

  expect(encoded).toEqual(
    bytes(
      ...[0x42, 1, "t"],
      ...[0x72, 2, "{}"],
      ...[0x78, 0],
      ...[0x90, 1, 1],
      ...[0xa8, 1, 2],
      ...[0xda, 1, 10, 0x0a, 4, "full", 0x12, 0, 0x18, 3],
      ...[0xe2, 1, 1, "k"],
    ),
  );
});

test("a child may have the index -1 and labels it wants", () => {
  const request = childRequest();
  const encoded = WorkflowServiceService.triggerWorkflow.requestSerialize(request);

  expect(encoded).toEqual(
    bytes(
      ...[0x0a, 1, "n"],
      ...[0x12, 2, "{}"],
      ...[0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
      ...[0x32, 1, "k"],
      ...[0x52, 11, 0x0a, 1, "r", 0x12, 6, 0x18, 1, 0x20, 2, 0x28, 7],
    ),
  );
  expect(WorkflowServiceService.triggerWorkflow.requestDeserialize(encoded)).toEqual(request);
});

function childRequest(): v1.TriggerWorkflowRequest {
  return {
    name: "n",
    input: "{}",
    childIndex: -1,
    childKey: "k",
    desiredWorkerLabels: {
      r: { required: true, comparator: v1.WorkerLabelComparator.GREATER_THAN, weight: 7 },
    },
  };
}

test("a task is defined with a 32-bit float, flags and maps", () => {
  const encoded = v1.AdminServiceService.putWorkflow.requestSerialize(
    v1.CreateWorkflowVersionRequest.create({
      tasks: [{ readableId: "t", backoffFactor: 2, isDurable: true, slotRequests: { durable: 1 } }],
      sticky: v1.StickyStrategy.SOFT,
    }),
  );

  expect(encoded).toEqual(
    bytes(
      ...[0x32, 23, 0x0a, 1, "t", 0x4d, 0, 0, 0, 0x40, 0x70, 1, 0x7a, 11, 0x0a, 7, "durable", 0x10, 1],
      ...[0x50, 0],
    ),
  );
});

test("an answer on the durable stream is one of its kinds", () => {
  const encoded = bytes(...[0x2a, 15], ...[0x0a, 9, 0x0a, 1, "t", 0x10, 1, 0x18, 1, 0x20, 2], ...[0x12, 2, "{}"]);
  const response = v1.V1DispatcherService.durableTask.responseDeserialize(encoded);

  expect(response.message).toEqual({
    $case: "entryCompleted",
    value: {
      ref: { durableTaskExternalId: "t", invocationCount: 1, branchId: 1, nodeId: 2 },
      payload: Buffer.from("{}"),
      isFailure: false,
    },
  });
  expect(v1.V1DispatcherService.durableTask.responseSerialize(response)).toEqual(encoded);
});

test("a stream chunk is bytes, with its place in a 64-bit number", () => {
  const encoded = bytes(...[0x0a, 1, "t"], ...[0x1a, 2, 0xff, 0xfe], ...[0x30, 0x80, 0x80, 0x80, 0x80, 0x10]);

  expect(EventsServiceService.putStreamEvent.requestDeserialize(encoded)).toEqual({
    taskRunExternalId: "t",
    message: Buffer.of(0xff, 0xfe),
    metadata: "",
    eventIndex: 2 ** 32,
  });
});

test("a 64-bit number that a double would round is refused", () => {
  const tooLarge = bytes(...[0x50, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);

  expect(() => WorkflowEvent.decode(tooLarge)).toThrow("MAX_SAFE_INTEGER");
});

test("fields of a newer contract are passed over", () => {
  const encoded = bytes(...[0x0a, 1, "r"], ...[0xfa, 0x3f, 3, "new"], ...[0x38, 1]);

  expect(WorkflowEvent.decode(encoded)).toMatchObject({ workflowRunId: "r", hangup: true });
});

test("error details carry their type's full name", () => {
  const detail = v1.IdempotencyCollisionError.encode({ existingRunExternalId: "e", collidingRunExternalId: "" });
  const typeUrl = "type.googleapis.com/v1.IdempotencyCollisionError";
  const encoded = RpcStatus.encode({
    code: 6,
    message: "m",
    details: [Any.create({ typeUrl, value: Buffer.from(detail.finish()) })],
  }).finish();

  expect(Buffer.from(encoded)).toEqual(
    bytes(...[0x08, 6], ...[0x12, 1, "m"], ...[0x1a, 55, 0x0a, 48, typeUrl, 0x12, 3, 0x0a, 1, "e"]),
  );
});
