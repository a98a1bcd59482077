import type { Observer } from "@helve/engine";
import type { Logger } from "pino";

/** What the engine tells of itself, as lines of the log. */
export function logObserver(log: Logger): Observer {
  return {
    workerConnected: (worker) => log.info(worker, "worker connected"),
    workerLost: (worker) => log.warn(worker, "worker lost"),
    workerQuarantined: (worker) => log.warn(worker, "worker quarantined"),
    lateReport: (report) => log.info(report, "report came too late and changed nothing"),
    replicasTakenOver: (replicas) => log.info({ replicas }, "work of replicas that are gone taken over"),
    fenced: (replicaId) => log.warn({ replicaId }, "another replica took over from this one; starting anew"),
    violated: (violations) => log.error({ violations }, "what is stored breaks the promises"),
    failed: (what, error) => log.error({ what, err: error }, "failed, and will be tried again"),
  };
}
