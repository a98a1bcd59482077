import { mutationOptions, type QueryClient, queryOptions } from "@tanstack/react-query";
import type { Api } from "./api.ts";

/** A worker as REST has it; docs/reference/rest.md. */
export interface Worker {
  readonly metadata: { readonly id: string; readonly createdAt: string };
  readonly name: string;
  /** One that is quarantined or not connected is inactive. */
  readonly status: "ACTIVE" | "INACTIVE" | "PAUSED";
  readonly liveness: "fresh" | "late" | "lost";
  /** Why a connected worker is given nothing. */
  readonly quarantineReason?: string;
  readonly lastHeartbeatAt?: string;
  readonly lastListenerEstablished?: string;
  readonly actions: readonly string[];
  /** By kind. `available` is missing when the engine would have to look for too long. */
  readonly slotConfig: Readonly<Record<string, { readonly available?: number; readonly limit: number }>>;
  readonly labels: readonly { readonly key: string; readonly value: string }[];
  /** What is to be said of the version of its SDK. */
  readonly versionProblem?: string;
  readonly runtimeInfo?: {
    readonly sdkVersion?: string;
    readonly language?: string;
    readonly languageVersion?: string;
    readonly os?: string;
    readonly runtimeExtra?: string;
  };
  /** Of one that is asked for by its id. */
  readonly registeredWorkflows?: readonly { readonly id: string; readonly name: string }[];
}

export interface WorkerList {
  readonly rows: readonly Worker[];
  /** When it was so, by the engine's clock, in ms. */
  readonly atMs: number;
}

export const workerKeys = {
  list: ["workers"] as const,
  one: (id: string) => ["workers", id] as const,
};

/** Those heard of in the last 24 hours. */
export function workersQuery(api: Api) {
  return queryOptions({
    queryKey: workerKeys.list,
    queryFn: async ({ signal }): Promise<WorkerList> => {
      const { body, atMs } = await api.get<{ rows?: Worker[] }>(`tenants/${api.tenantId}/worker`, { signal });
      return { rows: body.rows ?? [], atMs };
    },
  });
}

export function workerQuery(api: Api, id: string) {
  return queryOptions({
    queryKey: workerKeys.one(id),
    queryFn: async ({ signal }) => {
      const { body, atMs } = await api.get<Worker>(`workers/${id}`, { signal });
      return { worker: body, atMs };
    },
  });
}

export interface PauseOrder {
  readonly ids: readonly string[];
  /** False resumes, and lifts quarantines. */
  readonly isPaused: boolean;
}

/** Pauses workers or lets them go on. What is shown changes at once, and back again when the engine refuses. */
export function pauseMutation(api: Api, client: QueryClient) {
  return mutationOptions({
    mutationKey: ["pause"],
    mutationFn: ({ ids, isPaused }: PauseOrder) =>
      api.patch<{ rows: Worker[] }>(`tenants/${api.tenantId}/worker`, { workerIds: ids, isPaused }),
    onMutate: async ({ ids, isPaused }) => {
      await client.cancelQueries({ queryKey: workerKeys.list });
      const before = client.getQueriesData({ queryKey: workerKeys.list });
      const meant = new Set(ids);
      const change = (worker: Worker) => (meant.has(worker.metadata.id) ? afterOrder(worker, isPaused) : worker);
      client.setQueryData<WorkerList>(workerKeys.list, (list) => list && { ...list, rows: list.rows.map(change) });
      for (const id of ids) {
        client.setQueryData<{ worker: Worker; atMs: number }>(
          workerKeys.one(id),
          (one) => one && { ...one, worker: change(one.worker) },
        );
      }
      return before;
    },
    onError: (_error, _order, before) => {
      for (const [key, data] of before ?? []) client.setQueryData(key, data);
    },
    onSettled: () => client.invalidateQueries({ queryKey: workerKeys.list }),
  });
}

/** What the engine will say of a worker when it has done as told. */
export function afterOrder(worker: Worker, isPaused: boolean): Worker {
  const { quarantineReason, ...rest } = worker;
  if (worker.liveness === "lost") return worker;
  if (!isPaused) return { ...rest, status: "ACTIVE" };
  return quarantineReason === undefined ? { ...rest, status: "PAUSED" } : worker;
}
