import type { v1 } from "@helve/contracts";
import { invalidArgument, isUuid, type RunId, type TenantId, type Uuid } from "@helve/core";
import type { RunStatus } from "@helve/engine";

/** Which runs a bulk operation is about: those that meet all that is given. What is undefined does not narrow. */
export interface RunsFilter {
  /** Bounds of the time of creation, in ms since 1970. */
  sinceMs?: number | undefined;
  untilMs?: number | undefined;
  statuses?: readonly RunStatus[] | undefined;
  workflowIds?: readonly Uuid[] | undefined;
  /** Keys with the text of their values; a run with any of them is meant. */
  metadata?: readonly (readonly [key: string, value: string])[] | undefined;
}

/** Finds the runs that a filter means, newest first. */
export type FindRuns = (tenantId: TenantId, filter: RunsFilter, limit: number) => Promise<RunId[]>;

const STATUSES: Readonly<Record<string, RunStatus>> = {
  QUEUED: "queued",
  RUNNING: "running",
  COMPLETED: "succeeded",
  FAILED: "failed",
  CANCELLED: "cancelled",
};

/** An empty list of the wire is one that was not given. @throws HelveError invalid_argument naming the field */
export function readRunsFilter(filter: v1.TasksFilter): RunsFilter {
  return {
    sinceMs: filter.since?.getTime(),
    untilMs: filter.until?.getTime(),
    statuses: given(filter.statuses)?.map(readStatus),
    workflowIds: given(filter.workflowIds)?.map(readWorkflowId),
    metadata: given(filter.additionalMetadata)?.map(readMetadata),
  };
}

function given(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list;
}

function readStatus(text: string): RunStatus {
  const status = STATUSES[text];
  if (status === undefined) {
    throw invalidArgument(`statuses holds '${text}': allowed are ${Object.keys(STATUSES).join(", ")}`);
  }
  return status;
}

function readWorkflowId(text: string): Uuid {
  if (!isUuid(text)) throw invalidArgument("invalid workflow id");
  return text.toLowerCase();
}

function readMetadata(text: string): [key: string, value: string] {
  const colon = text.indexOf(":");
  if (colon < 1) throw invalidArgument(`additional_metadata holds '${text}': each entry must be key:value`);
  return [text.slice(0, colon), text.slice(colon + 1)];
}
