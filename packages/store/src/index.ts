export {
  type Database,
  type DatabaseOptions,
  type Db,
  type DbCounters,
  isRetryable,
  openDatabase,
  type Statement,
} from "./db.ts";
export { findViolations, type Violation } from "./invariants/invariants.ts";
export { insertLogLines, type NewLogLine } from "./log-lines/log-lines.ts";
export { type Migrated, type MigrateOptions, migrate } from "./migrate.ts";
export { databaseIdentity } from "./notifications/database-identity.ts";
export { Notifications } from "./notifications/notifications.ts";
export { createPartitions } from "./partitions/partitions.ts";
export { FencedError, type ReplicaId } from "./replicas/owner.ts";
export {
  fenceExpiredReplicas,
  fenceOtherReplicas,
  listOrphanedWorkers,
  type PossibleOrphan,
  renewLease,
  startReplica,
  stopReplica,
} from "./replicas/replicas.ts";
export { listOldSnapshots, type OldSnapshot } from "./snapshots/old-snapshots.ts";
export { noteUnserved, type UnservedNote, type UnservedProgress } from "./task-events/note-unserved.ts";
export {
  insertTaskEvents,
  keepTimesOfAttempt,
  keepTimesOfFinished,
  type NewTaskEvent,
  type TaskEventKind,
} from "./task-events/task-events.ts";
export {
  type ChildClaim,
  claimChildRuns,
  getChildRuns,
  getParentTask,
  type ParentTask,
} from "./task-runs/child-runs.ts";
export {
  type AssignedTaskRun,
  type Claim,
  type ClaimedTaskRun,
  claimTaskRuns,
  MAX_CLAIM_BYTES,
  RANKS,
} from "./task-runs/claim-task-runs.ts";
export {
  listOverdueTaskRuns,
  markStarted,
  nextQueueDeadline,
  refreshTimeout,
  releaseSlot,
  resumeDueTaskRuns,
  takeExpiredTaskRuns,
} from "./task-runs/deadlines.ts";
export { finishTaskRuns, type Success } from "./task-runs/finish-task-runs.ts";
export {
  type FinalStatus,
  type FinishedTaskRun,
  getEndedRuns,
  getFinishedTaskRuns,
  getTaskRunStates,
  lastIdOfRun,
  listFinishedTasksOfRun,
  type Reopening,
  reopenTaskRuns,
  type TaskRunState,
} from "./task-runs/finished-task-runs.ts";
export {
  forgetAskedAgain,
  keepFirstTaskRuns,
  keepFirstWorkflowRuns,
  noteAskedAgain,
} from "./task-runs/insert-again.ts";
export { insertTaskRuns, type NewTaskRun } from "./task-runs/insert-task-runs.ts";
export {
  countParentsBytes,
  type Ending,
  endTaskRuns,
  type LockedTaskRun,
  lockOwner,
  lockTaskRuns,
  type Readying,
  type Requeue,
  readyTaskRuns,
  requeueTaskRuns,
  type UnfinishedStatus,
} from "./task-runs/settle-task-runs.ts";
export { COUNTED_AHEAD, getWaitingTaskRuns, type WaitingTaskRun } from "./task-runs/waiting-task.ts";
export {
  type ApiTokenRow,
  getValidToken,
  insertApiToken,
  listApiTokens,
  putSigningKey,
  revokeApiToken,
} from "./tenants/api-tokens.ts";
export { getTenant, putTenant, type TenantRow } from "./tenants/tenants.ts";
export { listWorkerNames } from "./workers/worker-names.ts";
export {
  closeWorkerSessions,
  getWorkerLabels,
  getWorkers,
  type HeldTaskRun,
  insertWorkers,
  listAssignedAttempts,
  listAssignedTaskRuns,
  listConnectedWorkers,
  type NewWorker,
  type OpenedWorker,
  openWorkerSessions,
  type SessionKey,
  setWorkerPaused,
  setWorkerQuarantine,
  undoOpenWorkerSession,
  upsertWorkerLabels,
  type WorkerKey,
  type WorkerRow,
  type WorkerRuntime,
} from "./workers/workers.ts";
export { findUnknownRuns, getRunHead, type RunHead } from "./workflow-runs/run-head.ts";
export {
  getUnfinishedWorkflowRuns,
  getWorkflowRunContexts,
  insertWorkflowRuns,
  lockWorkflowRuns,
  type NewWorkflowRun,
  type RunProgress,
  recordProgress,
  reopenWorkflowRuns,
  type UnfinishedWorkflowRun,
  type WorkflowRunContext,
} from "./workflow-runs/workflow-runs.ts";
export {
  listOutlivedTaskRuns,
  listPausedActions,
  type Pause,
  pauseWorkflow,
  resumeWorkflow,
} from "./workflows/paused-workflows.ts";
export {
  deleteExpiredRoutes,
  getRoutes,
  type Line,
  listRoutes,
  listWaitingRoutes,
  putRoutes,
  type RouteRow,
} from "./workflows/routes.ts";
export {
  deleteWorkflow,
  getCurrentVersion,
  getVersion,
  type NewVersion,
  putVersion,
  type WorkflowVersionRow,
} from "./workflows/workflows.ts";
