import {
  type DefaultError,
  type QueryKey,
  type UseQueryOptions,
  type UseQueryResult,
  useQuery,
} from "@tanstack/react-query";

/**
 * A query that is kept up to date while somebody looks. This hook alone decides how often: every two seconds, which is as
 * often as a worker's state can be expected to change, and less often for a list that takes the engine work to make. A tab
 * in the background asks nothing.
 */
export function useLive<Data, Shown = Data, Key extends QueryKey = QueryKey>(
  options: UseQueryOptions<Data, DefaultError, Shown, Key>,
): UseQueryResult<Shown> {
  return useQuery({
    ...options,
    refetchInterval: ({ state }) => refreshMs(sizeOf(state.data)),
    refetchOnWindowFocus: "always",
  });
}

/** @param rows in the last answer */
export function refreshMs(rows: number): number {
  if (rows <= 200) return 2_000;
  return rows <= 1_000 ? 5_000 : 10_000;
}

function sizeOf(data: unknown): number {
  const rows = (data as { rows?: unknown } | undefined)?.rows;
  return Array.isArray(rows) ? rows.length : 0;
}
