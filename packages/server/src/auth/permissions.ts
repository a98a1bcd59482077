import type { Scope } from "./scopes.ts";

/**
 * Who may call what: every call of every gRPC service and every operation of REST, with the scopes that may beside `admin`,
 * which may all. What does not stand here is refused, whoever calls. docs/guides/security.md shows the table, and a test
 * keeps the two alike.
 *
 * - `worker` is for programs that run tasks, and for what looks after them. It could ask for any task of its tenant, so
 *   reading is no more than it has; but it starts runs only as children of a task (may-trigger.ts), or by events.
 * - `trigger` knows the ids of its own runs and no others: it may read, cancel and replay by id, and may not list.
 * - `read` changes nothing.
 */
export type Allowed = readonly Exclude<Scope, "admin">[] | "anybody";

const EVERY_TOKEN: Allowed = ["worker", "trigger", "read"];
const WORKER: Allowed = ["worker"];
const TRIGGER: Allowed = ["trigger"];
const WORKER_TRIGGER: Allowed = ["worker", "trigger"];
const WORKER_READ: Allowed = ["worker", "read"];

/** By path. */
export const CALLS: Readonly<Record<string, Allowed>> = {
  "/Dispatcher/GetVersion": EVERY_TOKEN,
  "/Dispatcher/Register": WORKER,
  "/Dispatcher/Listen": WORKER,
  "/Dispatcher/ListenV2": WORKER,
  "/Dispatcher/Heartbeat": WORKER,
  "/Dispatcher/Unsubscribe": WORKER,
  "/Dispatcher/UpsertWorkerLabels": WORKER,
  "/Dispatcher/SendStepActionEvent": WORKER,
  "/Dispatcher/SendBatchActionEvent": WORKER,
  "/Dispatcher/SendGroupKeyActionEvent": WORKER,
  "/Dispatcher/PutOverridesData": WORKER,
  "/Dispatcher/RefreshTimeout": WORKER,
  "/Dispatcher/ReleaseSlot": WORKER,
  "/Dispatcher/RestoreEvictedTask": WORKER,
  "/Dispatcher/SubscribeToWorkflowEvents": EVERY_TOKEN,
  "/Dispatcher/SubscribeToWorkflowRuns": EVERY_TOKEN,
  "/EventsService/PutLog": WORKER,
  "/EventsService/PutStreamEvent": WORKER,
  "/EventsService/Push": WORKER_TRIGGER,
  "/EventsService/BulkPush": WORKER_TRIGGER,
  "/EventsService/ReplaySingleEvent": TRIGGER,
  "/WorkflowService/PutWorkflow": WORKER,
  "/WorkflowService/PutRateLimit": WORKER,
  "/WorkflowService/TriggerWorkflow": WORKER_TRIGGER,
  "/WorkflowService/BulkTriggerWorkflow": WORKER_TRIGGER,
  "/WorkflowService/ScheduleWorkflow": TRIGGER,
  "/v1.AdminService/PutWorkflow": WORKER,
  "/v1.AdminService/TriggerWorkflowRun": TRIGGER,
  "/v1.AdminService/GetRunDetails": EVERY_TOKEN,
  "/v1.AdminService/CancelTasks": WORKER_TRIGGER,
  "/v1.AdminService/ReplayTasks": WORKER_TRIGGER,
  "/v1.AdminService/BranchDurableTask": WORKER_TRIGGER,
  "/v1.V1Dispatcher/DurableTask": WORKER,
  "/v1.V1Dispatcher/RegisterDurableEvent": WORKER,
  "/v1.V1Dispatcher/ListenForDurableEvent": WORKER,
  "/helve.v1.Sessions/Worker": WORKER,
  // A stream for triggers and results both; each trigger on it is looked at by itself.
  "/helve.v1.Sessions/Client": EVERY_TOKEN,
  "/opentelemetry.proto.collector.trace.v1.TraceService/Export": WORKER_TRIGGER,
};

/** By id. */
export const OPERATIONS: Readonly<Record<string, Allowed>> = {
  "root:liveness": "anybody",
  "root:readiness": "anybody",
  "liveness:get": "anybody",
  "readiness:get": "anybody",
  "metadata:get": "anybody",
  "info:get:version": "anybody",
  "cloudMetadata::get": "anybody",
  metrics: WORKER_READ,
  "tenant:get": EVERY_TOKEN,
  "v1-workflow-run:list": WORKER_READ,
  "v1-workflow-run:external-ids:list": WORKER_READ,
  "v1-workflow-run:display-names:list": EVERY_TOKEN,
  "v1-workflow-run:create": TRIGGER,
  "v1-workflow-run:get": EVERY_TOKEN,
  "v1-workflow-run:get-status": EVERY_TOKEN,
  "v1-workflow-run:task-events:list": EVERY_TOKEN,
  "v1-workflow-run:waits:list": EVERY_TOKEN,
  "v1-workflow-run:get:timings": EVERY_TOKEN,
  "v1-task:get": EVERY_TOKEN,
  "v1-task-event:list": EVERY_TOKEN,
  "v1-log-line:list": EVERY_TOKEN,
  "v1-task:restore": WORKER,
  "v1-task:cancel": WORKER_TRIGGER,
  "v1-task:replay": WORKER_TRIGGER,
  "v1-task:list:status-metrics": WORKER_READ,
  "tenant:get:step-run-queue-metrics": WORKER_READ,
  "tenant:get:task-stats": WORKER_READ,
  "tenant:get:prometheus-metrics": WORKER_READ,
  "action:list": WORKER_READ,
  "worker:list": WORKER_READ,
  "worker:get": WORKER_READ,
  "worker:update": WORKER,
  "worker:update:bulk": WORKER,
  "workflow:list": EVERY_TOKEN,
  "workflow:get": EVERY_TOKEN,
  "workflow:get:workers-count": WORKER_READ,
  "workflow:delete": [],
  "workflow:update": [],
  "workflow-version:get": EVERY_TOKEN,
  "api-token:create": [],
  "api-token:list": [],
  "api-token:update:revoke": [],
};

/**
 * Why somebody may not do something; undefined when he may.
 *
 * @param scope of his token, undefined where none is asked for
 * @param allowed what the table says, undefined when it says nothing
 * @param what the call or operation, for the sentence
 */
export function scopeProblem(scope: Scope | undefined, allowed: Allowed | undefined, what: string): string | undefined {
  if (allowed === "anybody") return undefined;
  if (allowed === undefined || scope === undefined) return `nobody may call ${what}`;
  if (scope === "admin" || allowed.includes(scope)) return undefined;
  return `the token has the scope ${scope}, and ${what} needs ${[...allowed, "admin"].join(" or ")}`;
}
