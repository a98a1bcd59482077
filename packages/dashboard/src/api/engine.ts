import { queryOptions } from "@tanstack/react-query";
import { type Api, ApiError, send } from "./api.ts";

export interface Tenant {
  readonly name: string;
}

/** The tenant of the token, and by that whether the token is good. */
export function tenantQuery(api: Api) {
  return queryOptions({
    queryKey: ["tenant", api.tenantId],
    queryFn: async ({ signal }) => (await getTenant(api, signal)).body,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export interface Version {
  readonly version: string;
  /** The published SDKs that it is made for. */
  readonly supportedSdks: readonly SdkRange[];
}

export interface SdkRange {
  /** Of the language. */
  readonly title: string;
  readonly from: string;
  /** The first version that it is not made for. */
  readonly below: string;
}

/** The version of the engine. It is asked for again now and then, as engines are replaced under a page that stays open. */
export function versionQuery(api: Api) {
  return queryOptions({
    queryKey: ["version"],
    queryFn: async ({ signal }) => (await api.get<Version>("version", { signal })).body,
    refetchInterval: 60_000,
  });
}

export interface Readiness {
  /** Why tasks cannot run; undefined when they can. */
  readonly problem: string | undefined;
}

/** Whether the engine answers, and whether tasks can run. */
export function readinessQuery() {
  return queryOptions({
    queryKey: ["ready"],
    queryFn: async ({ signal }): Promise<Readiness> => {
      try {
        await send("/ready", { signal });
        return { problem: undefined };
      } catch (error) {
        // Somebody answers, and says no.
        if (error instanceof ApiError && error.kind === "failed") return { problem: error.message };
        throw error;
      }
    },
  });
}

/** An engine that does not know the tenant has not made the token either. */
async function getTenant(api: Api, signal: AbortSignal) {
  try {
    return await api.get<Tenant>(`tenants/${api.tenantId}`, { signal });
  } catch (error) {
    if (error instanceof ApiError && error.kind === "not-found") throw new ApiError("token-refused", error.message);
    throw error;
  }
}
