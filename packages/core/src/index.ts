export {
  ACTION_RULE,
  type ActionId,
  isName,
  NAME_PATTERN,
  NAME_RULE,
  normaliseActionId,
  parseActionId,
} from "./action-id.ts";
export {
  advanceRun,
  childrenByNumber,
  finalStatus,
  onFailureNumber,
  type RunAdvance,
  type RunState,
  type TaskEnd,
  type WaitingTasks,
} from "./advance-run.ts";
export { type AfterAttempt, type AttemptEnd, afterAttempt, MAX_REQUEUES } from "./after-attempt.ts";
export { cronProblem } from "./cron-expression.ts";
export { defineLabels } from "./define-task.ts";
export { defineWorkflow } from "./define-workflow.ts";
export { DURATION_RULE, formatDuration, parseDurationMs } from "./duration.ts";
export { type ErrorCode, HelveError, invalidArgument, notFound } from "./errors.ts";
export { durationMs, fieldError, MAX_INT32, oneOf, refuseNul, requiredText, wholeNumber } from "./field-check.ts";
export {
  fromV0,
  type V0ConcurrencyRegistration,
  type V0JobRegistration,
  type V0StepRegistration,
  type V0WorkflowRegistration,
} from "./from-v0.ts";
export {
  isUuid,
  MAX_TASKS_PER_RUN,
  newId,
  newRunId,
  type RunId,
  runIdOf,
  type TaskRunId,
  type TenantId,
  taskIdOf,
  taskNumberOf,
  timeOfId,
  type Uuid,
  type WorkerId,
} from "./ids.ts";
export { type JsonMember, jsonMembers } from "./json-members.ts";
export { checkJson, isJsonObject, opensObject } from "./json-text.ts";
export {
  type ChildMetadata,
  childMetadata,
  RESERVED_PREFIX,
  runTraceContext,
  type TraceContext,
  traceContextOf,
  withTraceparent,
} from "./metadata.ts";
export {
  ANYWHERE,
  type Exclusion,
  exclusionsOf,
  highestRankOf,
  labelText,
  type PlaceableWorker,
  type Placement,
  type PlacementWishes,
  placementOf,
  placementText,
  rankOf,
  readPlacement,
  stickTo,
} from "./placement.ts";
export { type Backoff, DEFAULT_BACKOFF_MAX_SECONDS, retryDelayMs } from "./retry-delay.ts";
export { NATIVE_RUNTIME, SUPPORTED_SDKS, sdkProblem } from "./sdk-range.ts";
export { ShortLivedMap, ShortLivedSet } from "./short-lived.ts";
export { unservedFeatures } from "./unserved-features.ts";
export { workflowChecksum } from "./workflow-checksum.ts";
export type {
  BaseCondition,
  BatchDefinition,
  ConcurrencyDefinition,
  ConditionsDefinition,
  DesiredLabel,
  FilterDefinition,
  LabelComparator,
  RateLimitDefinition,
  TaskDefinition,
  WorkflowDefinition,
} from "./workflow-definition.ts";
export type {
  BaseConditionRegistration,
  BatchRegistration,
  ConcurrencyRegistration,
  ConditionsRegistration,
  FilterRegistration,
  IdempotencyRegistration,
  LabelRegistration,
  ParentOverrideRegistration,
  RateLimitRegistration,
  SleepConditionRegistration,
  TaskRegistration,
  UserEventConditionRegistration,
  WorkflowRegistration,
} from "./workflow-registration.ts";
