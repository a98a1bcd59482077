import type { Rest } from "./rest.ts";
import type { Status } from "./runs.ts";

/** A worker of the API, as far as it is looked at. */
export interface Worker {
  metadata: { id: string };
  name: string;
  status: "ACTIVE" | "INACTIVE" | "PAUSED";
  /** Why a connected worker is given nothing. */
  quarantineReason?: string;
  liveness?: "fresh" | "late" | "lost";
  lastHeartbeatAt?: string;
  actions?: string[] | null;
  /** `available` is missing when the engine would have to look for too long. */
  slotConfig?: Record<string, { available?: number; limit: number }>;
  labels?: { key: string; value?: string }[];
  /** What is to be said of its SDK's version. */
  versionProblem?: string;
  runtimeInfo?: {
    sdkVersion?: string;
    language?: string;
    languageVersion?: string;
    os?: string;
    runtimeExtra?: string;
  };
}

/** What is asked about workers, and told to them. */
export interface Fleet {
  /** Those heard of in the last 24 hours, newest first. */
  list(): Promise<Worker[]>;
  get(id: string): Promise<Worker>;
  setPaused(id: string, isPaused: boolean): Promise<void>;
  /** Tasks this worker had that were triggered since then and are in one of these states; counting ends at 20,000. */
  countTasks(id: string, since: Date, statuses: readonly Status[]): Promise<number>;
  /** Since when the oldest task waits that one of these actions is for; of those that failed before it is not asked. */
  oldestWaiting(actions: ReadonlySet<string>): Promise<Date | undefined>;
}

/** By the name of the task. */
type TaskStats = Record<string, { queued?: { queues?: Record<string, number>; oldestExcludingRetries?: string } }>;

export function openFleet(rest: Rest): Fleet {
  return {
    async list() {
      return (await rest.get<{ rows?: Worker[] }>(`tenants/${rest.tenantId}/worker`)).rows ?? [];
    },
    get: (id) => rest.get<Worker>(`workers/${id}`),
    async setPaused(id, isPaused) {
      await rest.patch(`workers/${id}`, { isPaused });
    },
    async countTasks(id, since, statuses) {
      const query = { since: since.toISOString(), only_tasks: true, worker_id: id, statuses, limit: 1 };
      const list = await rest.get<{ pagination: { num_pages?: number } }>(
        `stable/tenants/${rest.tenantId}/workflow-runs`,
        query,
      );
      // With one row to a page there are as many pages as rows.
      return list.pagination.num_pages ?? 0;
    },
    async oldestWaiting(actions) {
      const stats = await rest.get<TaskStats>(`tenants/${rest.tenantId}/task-stats`);
      const times = Object.values(stats).flatMap(({ queued }) => {
        const isServed = Object.keys(queued?.queues ?? {}).some((action) => actions.has(action));
        return isServed && queued?.oldestExcludingRetries ? [Date.parse(queued.oldestExcludingRetries)] : [];
      });
      return times.length === 0 ? undefined : new Date(Math.min(...times));
    },
  };
}

/** Whether no slot of a worker is taken; false as well when that is not known. */
export function isIdle({ slotConfig = {} }: Worker): boolean {
  return Object.values(slotConfig).every(({ available, limit }) => available === limit);
}

/** What a worker is, in one word: the API calls a quarantined one inactive. */
export function stateOf(worker: Worker): "active" | "late" | "paused" | "inactive" | "quarantined" {
  const { status, liveness, quarantineReason } = worker;
  if (quarantineReason !== undefined) return "quarantined";
  if (status === "ACTIVE") return liveness === "late" ? "late" : "active";
  return status === "PAUSED" ? "paused" : "inactive";
}
