import type { TenantId, WorkerId } from "@helve/core";
import type { EngineStatus, RunningLoad } from "../api.ts";
import type { Session } from "./session.ts";

/** The workers by state, their slots by kind, and the tasks in their hands by tenant. */
export function countSessions(sessions: Iterable<Session>): Pick<EngineStatus, "workers" | "slots" | "tasks"> {
  const workers = { quarantined: 0, leaving: 0, paused: 0, disconnected: 0, silent: 0, congested: 0, ready: 0 };
  const slots = new Map<string, { limit: number; used: number }>();
  const tasks = new Map<TenantId, number>();
  for (const session of sessions) {
    workers[session.state()]++;
    tasks.set(session.tenantId, (tasks.get(session.tenantId) ?? 0) + session.held.size);
    for (const [kind, { limit, used }] of session.slots) {
      const all = slots.get(kind) ?? { limit: 0, used: 0 };
      slots.set(kind, { limit: all.limit + limit, used: all.used + used });
    }
  }
  return { workers, slots, tasks };
}

/** What the workers of a tenant have in hand, by action. */
export function runningLoads(sessions: Iterable<Session>, tenantId: TenantId): RunningLoad[] {
  const loads = new Map<string, RunningLoad>();
  for (const session of sessions) {
    if (session.tenantId !== tenantId) continue;
    for (const { route, task, sentAtMs } of session.held.values()) {
      const sentAt = new Date(sentAtMs);
      const load = loads.get(route.action) ?? {
        action: route.action,
        total: 0,
        oldest: sentAt,
        oldestFirstTry: null,
      };
      load.total++;
      if (sentAt < load.oldest) load.oldest = sentAt;
      if (task.attempt === 1 && (!load.oldestFirstTry || sentAt < load.oldestFirstTry)) load.oldestFirstTry = sentAt;
      loads.set(route.action, load);
    }
  }
  return [...loads.values()];
}

/** The slots in use at some of the workers, by kind. */
export function usedSlots(
  sessions: Iterable<Session>,
  workerIds: readonly WorkerId[],
): Map<WorkerId, Record<string, number>> {
  const wanted = new Set(workerIds);
  const used = new Map<WorkerId, Record<string, number>>();
  for (const session of sessions) {
    if (!wanted.has(session.workerId)) continue;
    used.set(session.workerId, Object.fromEntries([...session.slots].map(([kind, { used }]) => [kind, used])));
  }
  return used;
}
