/**
 * The wire contracts as TypeScript: messages with `encode`, `decode` and `create`, and services for `@grpc/grpc-js`.
 *
 * Three contracts share many names (two have a StickyStrategy, two a RunStatus, …), so the services without a
 * protobuf package are exported flat and the other two as namespaces named like their packages: `v1`, `helve`.
 *
 * Of every service `X` there are `XService` (the definition, for `server.addService`), `XServer` (the type of its
 * handlers) and `XClient`. Enums are objects of numbers with a type of the same name. A newer peer may send a number that
 * is not among them, so a `switch` over a received value needs a default.
 */

export { Any } from "./gen/google/protobuf/any.ts";
/** Error details, sent in the trailer `grpc-status-details-bin`. Not to be mistaken for the code, `status` of grpc-js. */
export { Status as RpcStatus } from "./gen/google/rpc/status.ts";

// /Dispatcher/…
export {
  ActionEventResponse,
  ActionType,
  AssignedAction,
  BatchActionEvent,
  BatchActionEventItem,
  BatchStartPayload,
  DispatcherClient,
  type DispatcherServer,
  DispatcherService,
  GetVersionRequest,
  GetVersionResponse,
  GroupKeyActionEvent,
  GroupKeyActionEventType,
  HeartbeatRequest,
  HeartbeatResponse,
  OverridesData,
  OverridesDataResponse,
  RefreshTimeoutRequest,
  RefreshTimeoutResponse,
  ReleaseSlotRequest,
  ReleaseSlotResponse,
  ResourceEventType,
  ResourceType,
  RestoreEvictedTaskRequest,
  RestoreEvictedTaskResponse,
  RuntimeInfo,
  SDKS,
  StepActionEvent,
  StepActionEventType,
  StepRunResult,
  SubscribeToWorkflowEventsRequest,
  SubscribeToWorkflowRunsRequest,
  UpsertWorkerLabelsRequest,
  UpsertWorkerLabelsResponse,
  WorkerLabels,
  WorkerListenRequest,
  WorkerRegisterRequest,
  WorkerRegisterResponse,
  WorkerUnsubscribeRequest,
  WorkerUnsubscribeResponse,
  WorkflowEvent,
  WorkflowRunEvent,
  WorkflowRunEventType,
} from "./gen/hatchet/dispatcher.ts";

// /EventsService/…
export {
  BulkPushEventRequest,
  Event,
  Events,
  EventsServiceClient,
  type EventsServiceServer,
  EventsServiceService,
  PushEventRequest,
  PutLogRequest,
  PutLogResponse,
  PutStreamEventRequest,
  PutStreamEventResponse,
  ReplayEventRequest,
} from "./gen/hatchet/events.ts";

// /WorkflowService/…
export {
  BulkTriggerWorkflowRequest,
  BulkTriggerWorkflowResponse,
  ConcurrencyLimitStrategy,
  CreateStepRateLimit,
  CreateWorkflowJobOpts,
  CreateWorkflowStepOpts,
  CreateWorkflowVersionOpts,
  ListWorkflowsRequest,
  PutRateLimitRequest,
  PutRateLimitResponse,
  PutWorkflowRequest,
  RateLimitDuration,
  ScheduledWorkflow,
  ScheduleWorkflowRequest,
  StickyStrategy,
  TriggerWorkflowResponse,
  WorkflowConcurrencyOpts,
  WorkflowKind,
  WorkflowServiceClient,
  type WorkflowServiceServer,
  WorkflowServiceService,
  WorkflowTriggerCronRef,
  WorkflowTriggerEventRef,
  WorkflowVersion,
} from "./gen/hatchet/workflows.ts";

// /helve.v1.Sessions/…
export * as helve from "./helve.ts";
// /v1.AdminService/…, /v1.V1Dispatcher/…
export * as v1 from "./v1.ts";
