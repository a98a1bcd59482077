import type { TaskRunId, TenantId, WorkerId } from "@helve/core";
import { type Database, listConnectedWorkers, type WorkerRow } from "@helve/store";
import type { Labels } from "../api.ts";
import { FRESH_MS, type Session } from "../sessions/session.ts";

/** A connected worker, as a task that waits sees it. */
export interface WorkerView {
  readonly id: WorkerId;
  readonly name: string;
  readonly actions: ReadonlySet<string>;
  readonly labels: Labels;
  /** By kind. How many are in use is not known of a worker that is connected to another replica. */
  readonly slots: ReadonlyMap<string, { readonly limit: number; readonly used?: number }>;
  /** Why it is given nothing new, as goes on after its name. */
  readonly refusal: string | undefined;
  /** Tasks that hold slots of it, as far as known. */
  readonly holders: readonly { taskId: TaskRunId; detail: string }[];
}

export interface WorkerViewsDeps {
  db: Database;
  sessions: { all(): Iterable<Session> };
  /** Replicas alive, this one included. */
  replicas: () => number;
}

/** The connected workers of some tenants: those of this replica from memory, those of others as they are stored. */
export async function viewWorkers(
  { db, sessions, replicas }: WorkerViewsDeps,
  tenantIds: readonly TenantId[],
): Promise<Map<TenantId, WorkerView[]>> {
  const wanted = new Set(tenantIds);
  const views = new Map<TenantId, WorkerView[]>(tenantIds.map((id) => [id, []]));
  const here = new Set<WorkerId>();
  for (const session of sessions.all()) {
    if (!wanted.has(session.tenantId)) continue;
    here.add(session.workerId);
    views.get(session.tenantId)?.push(viewOfSession(session));
  }
  if (replicas() < 2 || wanted.size === 0) return views;
  for (const row of await listConnectedWorkers(db, [...wanted])) {
    if (!here.has(row.id)) views.get(row.tenantId)?.push(viewOfRow(row));
  }
  return views;
}

function viewOfSession(session: Session): WorkerView {
  const { workerId, name, actions, labels, slots, held, abandoned } = session;
  return {
    id: workerId,
    name,
    actions,
    labels,
    slots,
    refusal: refusalOf(session),
    holders: [
      ...[...held.values()]
        .filter((one) => one.holdsSlots)
        .map(({ task }) => ({ taskId: task.id, detail: `${task.taskName} runs on ${name}` })),
      ...[...abandoned.values()].map(({ task }) => ({
        taskId: task.id,
        detail: `${task.taskName} was stopped on ${name}, and its code has not ended`,
      })),
    ],
  };
}

function refusalOf(session: Session): string | undefined {
  switch (session.state()) {
    case "ready":
      return undefined;
    case "quarantined":
      return quarantine(session.quarantineReason);
    case "disconnected":
      return "does not listen";
    case "silent":
      return `has sent no heartbeat for ${FRESH_MS / 1000} s`;
    case "congested":
      return "has not read what it was sent";
    case "leaving":
      return "is leaving";
    case "paused":
      return "is paused";
  }
}

function quarantine(reason: string | undefined): string {
  return `is in quarantine: ${reason}`;
}

function viewOfRow({ id, name, actions, labels, slots, isPaused, quarantineReason }: WorkerRow): WorkerView {
  return {
    id,
    name,
    actions: new Set(actions),
    labels,
    slots: new Map(Object.entries(slots).map(([kind, limit]) => [kind, { limit }])),
    refusal: isPaused ? "is paused" : quarantineReason === null ? undefined : quarantine(quarantineReason),
    holders: [],
  };
}
