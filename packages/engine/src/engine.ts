import { formatDuration, HelveError, notFound, runIdOf, type TaskRunId } from "@helve/core";
import { deleteWorkflow, pauseWorkflow, refreshTimeout, releaseSlot, resumeWorkflow } from "@helve/store";
import type { Engine } from "./api.ts";
import { replay } from "./commands/replay.ts";
import { runDetails } from "./commands/run-details.ts";
import { persist } from "./persist.ts";
import { createServices, type EngineOptions } from "./services.ts";
import { countSessions, runningLoads, usedSlots } from "./sessions/count-sessions.ts";
import { workerNames } from "./sessions/worker-names.ts";
import { Storing } from "./storing.ts";
import { whyWaiting } from "./waits/why-waiting.ts";

/** One replica. Its services are put together in services.ts; here is what each call from outside asks of them. */
export function createEngine(options: EngineOptions): Engine {
  const services = createServices(options);
  const { db, clock, lifeCycle, lease, catalog, pauses, heldTasks, dispatcher, sessions } = services;
  const { triggers, reports, logs, consequences, queueTimers, results, events, publish } = services;
  const views = { db, sessions, replicas: () => lease.replicas };
  const storing = new Storing();

  /** A workflow was paused or resumed, here first. What was reserved before goes out before this resolves. */
  async function pausesChanged(): Promise<void> {
    publish({ kind: "pauses" });
    await pauses.read();
    await dispatcher.claimed();
  }

  /** Who has this attempt. Whoever had an earlier one may still speak of the task, and is another process. */
  function holderOf({ taskId, attempt }: { taskId: TaskRunId; attempt: number | null }) {
    const held = heldTasks.find(taskId);
    return attempt !== null && held?.task.attempt === attempt ? held.session : undefined;
  }

  return {
    start: () => lifeCycle.start(),
    stop: () => lifeCycle.stop(),

    readiness() {
      const reason = lifeCycle.trouble() ?? storing.trouble();
      return reason === undefined ? { isReady: true } : { isReady: false, reason };
    },

    status: () => ({ lease: { isValid: lease.isValid(), replicas: lease.replicas }, ...countSessions(sessions.all()) }),

    running: (tenantId) => (lease.replicas > 1 ? undefined : runningLoads(sessions.all(), tenantId)),

    async putWorkflow(tenantId, definition) {
      const result = await persist(() => catalog.put(tenantId, definition));
      // A new version may bring actions that are paused as well.
      if (pauses.areAny) await pauses.read();
      publish({ kind: "workflow", tenantId, name: definition.name });
      return result;
    },

    async deleteWorkflow(tenantId, workflowId) {
      const name = await deleteWorkflow(db, tenantId, workflowId);
      if (name === undefined) throw notFound("not found");
      catalog.forgetCurrent(tenantId, name);
      publish({ kind: "workflow", tenantId, name });
      if (pauses.areAny) await pauses.read();
    },

    async pauseWorkflow(tenantId, workflowId, pause) {
      if (!(await pauseWorkflow(db, tenantId, workflowId, pause))) throw notFound("not found");
      await pausesChanged();
    },
    async resumeWorkflow(tenantId, workflowId) {
      if (!(await resumeWorkflow(db, tenantId, workflowId))) throw notFound("not found");
      await pausesChanged();
    },

    triggerRuns: (tenantId, requests) => storing.watch(triggers.trigger(tenantId, requests)),

    async cancel(tenantId, ids, reason) {
      const cause = { kind: "cancelled" as const, message: reason, byWorker: false };
      const settlements = ids.map((id) => ({ tenantId, id, attempt: null, cause, startedAtMs: null }));
      return (await Promise.all(settlements.map((settlement) => reports.settle(settlement)))).flat();
    },

    async replay(tenantId, ids) {
      const replayed = await persist(() => db.transaction((tx) => replay(tx, catalog, tenantId, ids)));
      if (replayed.queuedOn.size > 0) queueTimers.note(replayed.scheduleTimeoutMs);
      consequences.resumed(replayed.queuedOn);
      return replayed.tasks;
    },

    registerWorker: (tenantId, worker) => sessions.register(tenantId, worker),
    async upsertWorkerLabels(tenantId, workerId, labels) {
      await sessions.upsertLabels(tenantId, workerId, labels);
      if (!sessions.find(workerId)) publish({ kind: "labels", workerId });
    },
    async setWorkerPaused(tenantId, workerId, isPaused) {
      await sessions.setPaused(tenantId, workerId, isPaused);
      // Its slots may have been reserved before, for a claim that is under way.
      if (isPaused) await dispatcher.claimed();
      publish({ kind: "paused", workerId, isPaused });
    },
    usedSlots: (workerIds) => usedSlots(sessions.all(), workerIds),
    openStream(tenantId, workerId, stream, streamOptions) {
      const reason = lifeCycle.trouble();
      if (reason !== undefined) throw new HelveError("unavailable", reason);
      return sessions.openStream(tenantId, workerId, stream, streamOptions);
    },
    heartbeat: (tenantId, workerId) => sessions.heartbeat(tenantId, workerId),
    unsubscribe: (tenantId, workerId) => sessions.unsubscribe(tenantId, workerId),

    workerNames: (tenantId, meant) => workerNames({ db, sessions, heldTasks }, tenantId, meant),
    connectionUsed(connection, tenantId, worker) {
      const session = "workerId" in worker ? sessions.find(worker.workerId) : holderOf(worker);
      if (session?.tenantId === tenantId) sessions.connections.used(connection, session);
    },
    connectionClosed: (connection) => sessions.connections.closed(connection),

    report(tenantId, batch, by) {
      const answers = reports.report(tenantId, batch, by);
      // A start is mostly kept in memory.
      return batch.every(({ outcome }) => outcome === "started") ? answers : storing.watch(answers);
    },

    async refreshTimeout(tenantId, taskId, incrementMs) {
      const message = `Timeout refreshed by ${formatDuration(incrementMs)}`;
      const refreshed = await refreshTimeout(db, { tenantId, id: taskId, incrementMs, message });
      if (!refreshed) throw taskNotRunning(taskId);
      const held = heldTasks.find(taskId);
      if (held) heldTasks.setDeadline(held, refreshed.deadlineMs);
      return refreshed.deadlineMs;
    },

    async releaseSlot(tenantId, taskId, by) {
      if (!(await releaseSlot(db, tenantId, taskId, by))) throw taskNotRunning(taskId);
      if (!heldTasks.freeSlotsOf(taskId)) publish({ kind: "released", tasks: [taskId] });
    },

    putLogs: (tenantId, lines) => logs.put(tenantId, lines),

    async putStreamChunk(tenantId, { taskId, content, index, createdAtMs }) {
      const held = heldTasks.find(taskId)?.task;
      const task = held?.tenantId === tenantId ? held : await logs.requireTask(tenantId, taskId);
      const runId = runIdOf(taskId);
      if (!events.isHeard(runId)) return;
      events.publish(tenantId, task.metadata, {
        runId,
        taskId,
        atMs: createdAtMs ?? clock.now(),
        retryCount: task.attempt - 1,
        kind: { type: "stream", content, index },
      });
    },

    onRunEnded: (tenantId, runIds, callback) => results.wait(tenantId, runIds, callback),
    findUnknownRuns: (tenantId, runIds) => results.findUnknown(tenantId, runIds),
    getRun: (tenantId, runId) => runDetails(db, catalog, tenantId, runId),
    whyWaiting: (tenantId, taskIds) => whyWaiting({ ...views, catalog, routes: services.routes }, tenantId, taskIds),
    onRunEvents: (tenantId, filter, callback) => events.listen(tenantId, filter, callback),
  };
}

function taskNotRunning(taskId: TaskRunId): HelveError {
  return notFound(`task run not found: ${taskId}`);
}
