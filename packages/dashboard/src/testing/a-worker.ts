import type { Worker } from "../api/workers.ts";

/** A fresh worker that has nothing to do, but for what is said of it. @param used of its ten slots */
export function aWorker(name: string, changes: Partial<Worker> = {}, used = 0): Worker {
  return {
    metadata: { id: `id-of-${name}`, createdAt: "2026-01-01T00:00:00Z" },
    name,
    status: "ACTIVE",
    liveness: "fresh",
    lastHeartbeatAt: "2026-01-01T00:00:00Z",
    actions: [],
    slotConfig: { default: { available: 10 - used, limit: 10 } },
    labels: [],
    ...changes,
  };
}
