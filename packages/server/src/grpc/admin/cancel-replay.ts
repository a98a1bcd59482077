import type { v1 } from "@helve/contracts";
import { invalidArgument, isUuid, type Uuid } from "@helve/core";
import { requireMayFilter } from "../../auth/may-trigger.ts";
import { metadataKeys } from "../../log.ts";
import type { CallContext, Edge } from "../edge.ts";
import { readRunsFilter } from "./runs-filter.ts";

/** Most runs that one call with a filter means. */
const MAX_CANCELLED = 20_000;
const MAX_REPLAYED = 1_000;

/** v1.AdminService/CancelTasks. The answer lists the tasks that this call ended, so nothing for what had ended before. */
export async function cancelTasks(
  edge: Edge,
  caller: CallContext,
  request: v1.CancelTasksRequest,
): Promise<v1.CancelTasksResponse> {
  const ids = await meantBy(edge, caller, request, MAX_CANCELLED);
  if (ids.length === 0) return { cancelledTasks: [] };
  return { cancelledTasks: await edge.engine.cancel(caller.tenantId, ids, "Cancelled by a call of CancelTasks.") };
}

/** v1.AdminService/ReplayTasks. The answer lists the tasks that run again. */
export async function replayTasks(
  edge: Edge,
  caller: CallContext,
  request: v1.ReplayTasksRequest,
): Promise<v1.ReplayTasksResponse> {
  const ids = await meantBy(edge, caller, request, MAX_REPLAYED);
  return { replayedTasks: ids.length === 0 ? [] : await edge.engine.replay(caller.tenantId, ids) };
}

async function meantBy(
  { findRuns, log }: Edge,
  { tenantId, scope }: CallContext,
  { externalIds, filter }: v1.CancelTasksRequest,
  limit: number,
): Promise<Uuid[]> {
  if (filter && externalIds.length > 0) throw invalidArgument("cannot provide both external ids and filter");
  if (!filter) return externalIds.map(readExternalId);
  requireMayFilter(scope);
  const runIds = await findRuns(tenantId, readRunsFilter(filter), limit);
  const shown = { ...filter, additionalMetadata: metadataKeys(filter.additionalMetadata) };
  log.info({ tenantId, filter: shown, count: runIds.length }, "runs found for a bulk operation");
  return runIds;
}

function readExternalId(text: string): Uuid {
  if (!isUuid(text)) throw invalidArgument("invalid external id");
  return text.toLowerCase();
}
