import type { MethodDefinition } from "@grpc/grpc-js";
import {
  DispatcherService,
  EventsServiceService,
  helve,
  StepActionEventType,
  v1,
  WorkflowServiceService,
} from "@helve/contracts";
import { BREAKING_TEXTS, breakUtf8, spoil, withText } from "./hostile.ts";
import type { Random } from "./random.ts";

export type AnyMethod = MethodDefinition<unknown, unknown>;

/** Every method of every contract. */
export const METHODS: readonly AnyMethod[] = [
  DispatcherService,
  EventsServiceService,
  WorkflowServiceService,
  v1.AdminServiceService,
  v1.V1DispatcherService,
  helve.SessionsService,
].flatMap((service) => Object.values(service) as AnyMethod[]);

/** What the samples speak of: things that exist. */
export interface Existing {
  workflow: string;
  action: string;
  workerId: string;
  taskId: string;
}

/** Good requests by path of the method, to be spoilt. Methods without one are sent noise alone. */
export function samples({ workflow, action, workerId, taskId }: Existing): Readonly<Record<string, object>> {
  const labels = { $region: { strValue: "eu", intValue: undefined } };
  const event = {
    workerId,
    jobId: "",
    jobRunId: "",
    taskId: "",
    taskRunExternalId: taskId,
    actionId: action,
    eventTimestamp: new Date(0),
    eventType: StepActionEventType.STEP_EVENT_TYPE_FAILED,
    eventPayload: "{}",
    retryCount: 7,
    shouldNotRetry: false,
  };
  const trigger = {
    name: workflow,
    input: '{"n":1}',
    parentId: undefined,
    parentTaskRunExternalId: taskId,
    childIndex: 1,
    childKey: "key",
    additionalMetadata: '{"a":"b"}',
    desiredWorkerId: workerId,
    priority: 2,
    desiredWorkerLabels: {},
  };
  const task = {
    readableId: "only",
    action,
    timeout: "60s",
    scheduleTimeout: "60s",
    inputs: "{}",
    parents: [],
    retries: 1,
    rateLimits: [],
    workerLabels: {},
    backoffFactor: 2,
    backoffMaxSeconds: 10,
    concurrency: [],
    isDurable: false,
    slotRequests: { $default: 1 },
  };
  const filter = {
    statuses: ["RUNNING"],
    since: new Date(0),
    until: new Date(),
    workflowIds: [taskId],
    additionalMetadata: ["a:b"],
  };
  return {
    "/Dispatcher/Register": {
      workerName: "fuzz",
      actions: [action],
      services: ["default"],
      slots: undefined,
      labels,
      webhookId: undefined,
      runtimeInfo: { sdkVersion: "1", language: 1, languageVersion: "1", os: "linux", extra: "x" },
      slotConfig: { $default: 1 },
    },
    "/Dispatcher/Listen": { workerId },
    "/Dispatcher/ListenV2": { workerId },
    "/Dispatcher/Heartbeat": { workerId, heartbeatAt: new Date() },
    "/Dispatcher/SubscribeToWorkflowEvents": {
      workflowRunId: undefined,
      additionalMetaKey: "key",
      additionalMetaValue: "value",
    },
    "/Dispatcher/SubscribeToWorkflowRuns": { workflowRunId: taskId },
    "/Dispatcher/SendStepActionEvent": event,
    "/Dispatcher/SendBatchActionEvent": { ...event, items: [event] },
    "/Dispatcher/PutOverridesData": { stepRunId: taskId, path: "a", value: "1", callerFilename: "x" },
    "/Dispatcher/Unsubscribe": { workerId },
    "/Dispatcher/RefreshTimeout": { taskRunExternalId: taskId, incrementTimeoutBy: "1s" },
    "/Dispatcher/ReleaseSlot": { taskRunExternalId: taskId },
    "/Dispatcher/UpsertWorkerLabels": { workerId, labels },
    "/EventsService/PutLog": {
      taskRunExternalId: taskId,
      createdAt: new Date(),
      message: "line",
      level: "INFO",
      metadata: "{}",
      taskRetryCount: 0,
    },
    "/EventsService/PutStreamEvent": {
      taskRunExternalId: taskId,
      createdAt: new Date(),
      message: Buffer.from("chunk"),
      eventIndex: 0,
    },
    "/EventsService/Push": { key: "k", payload: "{}", eventTimestamp: new Date(), additionalMetadata: "{}" },
    "/WorkflowService/TriggerWorkflow": trigger,
    "/WorkflowService/BulkTriggerWorkflow": { workflows: [trigger] },
    "/v1.AdminService/PutWorkflow": {
      name: "fuzzed",
      description: "d",
      version: "v",
      eventTriggers: [],
      cronTriggers: [],
      tasks: [task],
      concurrency: undefined,
      cronInput: undefined,
      onFailureTask: { ...task, readableId: "failed" },
      sticky: undefined,
      defaultPriority: 2,
      concurrencyArr: [],
      defaultFilters: [],
      inputJsonSchema: Buffer.from("{}"),
    },
    "/v1.AdminService/TriggerWorkflowRun": {
      workflowName: workflow,
      input: Buffer.from("{}"),
      additionalMetadata: Buffer.from("{}"),
      priority: 1,
      desiredWorkerLabels: {},
    },
    "/v1.AdminService/CancelTasks": { externalIds: [], filter },
    "/v1.AdminService/ReplayTasks": { externalIds: [taskId] },
    "/v1.AdminService/GetRunDetails": { externalId: taskId },
    "/helve.v1.Sessions/Worker": {
      register: {
        protocol: 1,
        name: "fuzz",
        actions: [action],
        slots: { $default: 1 },
        labels: [{ key: "a", value: { $case: "text", value: "b" } }],
        runtime: undefined,
        workerId,
        holding: [{ taskId, attempt: 1 }],
      },
      number: 1,
      reports: [{ taskId, attempt: 7, outcome: 2, payload: "{}", notRetryable: false }],
      logs: [{ taskId, attempt: 1, level: "INFO", message: "m", metadata: "{}" }],
      chunks: [{ taskId, content: Buffer.from("c"), index: 0 }],
      refreshTimeouts: [{ request: 1, taskId, incrementMs: 1 }],
      releaseSlots: [taskId],
      labels: [],
      draining: false,
    },
    "/helve.v1.Sessions/Client": {
      triggers: [{ request: 1, runs: [{ ...trigger, workflow, metadata: "{}", parentTaskId: taskId }], wait: false }],
      subscribe: [taskId],
    },
  };
}

/** A sample as it is. */
export function encodeSample(method: AnyMethod, sample: object): Buffer {
  return method.requestSerialize(plain(sample));
}

/** One message that nobody should send. */
export function hostileMessage(method: AnyMethod, sample: object | undefined, random: Random): Buffer {
  if (sample === undefined || random.next() < 0.1) return random.bytes(random.below(200));
  const spoilt = breakUtf8(encoded(method, sample, random));
  const chance = random.next();
  if (chance < 0.1) return spoilt.subarray(0, random.below(spoilt.length + 1));
  if (chance < 0.2) return flipped(spoilt, random);
  return spoilt;
}

/** One message of each kind that must break nothing, by what is wrong with it. */
export function oneOfEachKind(method: AnyMethod, sample: object | undefined, random: Random): Record<string, Buffer> {
  const good = sample ? encodeSample(method, sample) : Buffer.alloc(0);
  const noise = { "random bytes": random.bytes(200), oversized: oversized(good) };
  if (!sample) return noise;
  const texts = Object.entries(BREAKING_TEXTS).map(([what, text]) => {
    return [what, breakUtf8(encodeSample(method, withText(sample, text, random) as object))] as const;
  });
  return { ...noise, "wrong types": retyped(good), ...Object.fromEntries(texts) };
}

/** The message with a field more that nobody knows and that is too long. */
function oversized(message: Buffer): Buffer {
  const field = [0xfa, 0x7f, ...lengthBytes(OVERSIZED_BYTES)];
  return Buffer.concat([message, Buffer.from(field), Buffer.alloc(OVERSIZED_BYTES)]);
}

const OVERSIZED_BYTES = 5 * 1024 * 1024;

/** As protobuf writes a number. */
function lengthBytes(length: number): number[] {
  return length < 128 ? [length] : [(length & 127) | 128, ...lengthBytes(length >>> 7)];
}

/** The first field is of another type: a number where a text is meant, a text where a number is. */
function retyped(message: Buffer): Buffer {
  const [tag = 0] = message;
  return Buffer.concat([Buffer.from([(tag & ~7) | ((tag & 7) === 0 ? 2 : 0)]), message.subarray(1)]);
}

/** Our own encoder refuses some numbers; others are taken then. */
function encoded(method: AnyMethod, sample: object, random: Random): Buffer {
  for (;;) {
    try {
      return method.requestSerialize(plain(spoil(sample, random)));
    } catch (error) {
      if (!/^invalid u?int/.test((error as Error).message)) throw error;
    }
  }
}

/** Keys of maps without the mark that says so. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object" || value instanceof Date || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [/^\$(?!case)/.test(key) ? key.slice(1) : key, plain(one)]),
  );
}

/** A few bytes are others: lengths lie, fields have another type. */
function flipped(message: Buffer, random: Random): Buffer {
  const spoilt = Buffer.from(message);
  for (let i = 0; i < 3 && spoilt.length > 0; i++) spoilt[random.below(spoilt.length)] = random.below(256);
  return spoilt;
}
