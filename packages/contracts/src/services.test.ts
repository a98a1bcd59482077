import { expect, test } from "vitest";
import { DispatcherService, EventsServiceService, v1, WorkflowServiceService } from "./index.ts";

/** Every call a Hatchet client may make: its path, and which sides of it are streams. */
const HATCHET_CALLS = [
  "/Dispatcher/Register unary",
  "/Dispatcher/Listen server stream",
  "/Dispatcher/ListenV2 server stream",
  "/Dispatcher/Heartbeat unary",
  "/Dispatcher/SubscribeToWorkflowEvents server stream",
  "/Dispatcher/SubscribeToWorkflowRuns both stream",
  "/Dispatcher/SendStepActionEvent unary",
  "/Dispatcher/SendBatchActionEvent unary",
  "/Dispatcher/SendGroupKeyActionEvent unary",
  "/Dispatcher/PutOverridesData unary",
  "/Dispatcher/Unsubscribe unary",
  "/Dispatcher/RefreshTimeout unary",
  "/Dispatcher/ReleaseSlot unary",
  "/Dispatcher/RestoreEvictedTask unary",
  "/Dispatcher/UpsertWorkerLabels unary",
  "/Dispatcher/GetVersion unary",
  "/WorkflowService/PutWorkflow unary",
  "/WorkflowService/ScheduleWorkflow unary",
  "/WorkflowService/TriggerWorkflow unary",
  "/WorkflowService/BulkTriggerWorkflow unary",
  "/WorkflowService/PutRateLimit unary",
  "/EventsService/Push unary",
  "/EventsService/BulkPush unary",
  "/EventsService/ReplaySingleEvent unary",
  "/EventsService/PutLog unary",
  "/EventsService/PutStreamEvent unary",
  "/v1.V1Dispatcher/DurableTask both stream",
  "/v1.V1Dispatcher/RegisterDurableEvent unary",
  "/v1.V1Dispatcher/ListenForDurableEvent both stream",
  "/v1.AdminService/PutWorkflow unary",
  "/v1.AdminService/CancelTasks unary",
  "/v1.AdminService/ReplayTasks unary",
  "/v1.AdminService/TriggerWorkflowRun unary",
  "/v1.AdminService/GetRunDetails unary",
  "/v1.AdminService/BranchDurableTask unary",
];

test("serves each call of the Hatchet contract under its path, and no other", () => {
  const services = [
    DispatcherService,
    WorkflowServiceService,
    EventsServiceService,
    v1.V1DispatcherService,
    v1.AdminServiceService,
  ];
  const calls = services.flatMap((service) => Object.values(service)).map((call) => `${call.path} ${streams(call)}`);

  expect(calls).toEqual(HATCHET_CALLS);
});

function streams({ requestStream, responseStream }: { requestStream: boolean; responseStream: boolean }): string {
  if (requestStream) return responseStream ? "both stream" : "client stream";
  return responseStream ? "server stream" : "unary";
}
