import { newId, newRunId, type Uuid, withTraceparent } from "@helve/core";
import type { NewTaskRun, Success } from "@helve/store";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Who the rows belong to; nothing of it has to exist. */
export interface RowOwner {
  tenantId: Uuid;
  versionId: Uuid;
  routeId: number;
  workerId: Uuid;
}

export function newRowOwner(): RowOwner {
  return { tenantId: newId(), versionId: newId(), routeId: 1, workerId: newId() };
}

/** Rows as the engine stores them for a task with a small input. */
export function taskRuns(owner: RowOwner, count: number, status: "queued" | "assigned"): NewTaskRun[] {
  return Array.from({ length: count }, () => {
    const id = newRunId();
    return {
      id,
      tenantId: owner.tenantId,
      versionId: owner.versionId,
      routeId: owner.routeId,
      status,
      priority: 1,
      rank: 3,
      pendingParents: 0,
      scheduleTimeoutMs: DAY_MS,
      executionTimeoutMs: DAY_MS,
      workerId: status === "assigned" ? owner.workerId : null,
      parentTaskId: null,
      childIndex: null,
      childKey: null,
      input: '{"n":1}',
      metadata: withTraceparent("", id),
    };
  });
}

/** Their reports, in the order of the engine: by id. */
export function successes(rows: readonly { id: Uuid; tenantId: Uuid; attempt?: number }[]): Success[] {
  const startedAtMs = Date.now();
  return rows
    .map(({ id, tenantId, attempt = 1 }) => ({ id, tenantId, attempt, output: '{"ok":true}', startedAtMs }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Parts of equal size; the last may be smaller. */
export function batches<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
