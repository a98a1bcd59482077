import type { Observer } from "@helve/engine";
import type { Logger } from "pino";

/** What the engine tells of itself, as lines of the log. Fields are named one by one: an object may carry a payload. */
export function logObserver(log: Logger): Observer {
  return {
    workerConnected: ({ tenantId, workerId, name: workerName }) =>
      log.info({ tenantId, workerId, workerName }, "worker connected"),
    workerLost: ({ tenantId, workerId, name: workerName, reason, tasks }) =>
      log.warn({ tenantId, workerId, workerName, reason, tasks }, "worker lost"),
    workerQuarantined: ({ tenantId, workerId, name: workerName, reason }) =>
      log.warn({ tenantId, workerId, workerName, reason }, "worker quarantined"),
    lateReport: ({ tenantId, taskId, attempt, outcome }) =>
      log.info({ tenantId, taskId, attempt, outcome }, "report came too late and changed nothing"),
    replicasTakenOver: (replicas) => log.info({ replicas }, "work of replicas that are gone taken over"),
    fenced: (replicaId) => log.warn({ replicaId }, "another replica took over from this one; starting anew"),
    violated: (violations) => log.error({ violations }, "what is stored breaks the promises"),
    snapshotHeld: ({ pid, applicationName, user, state, ageSeconds }) =>
      log.warn(
        { sessionPid: pid, applicationName, user, state, ageSeconds: Math.round(ageSeconds) },
        "a session of the database holds an old snapshot: dead rows stay, and handing out grows slower until it ends",
      ),
    failed: (what, error) => log.error({ what, err: error }, "failed, and will be tried again"),
  };
}
