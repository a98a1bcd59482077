import type { v1 } from "@helve/contracts";
import { invalidArgument, isUuid, type RunId, type TenantId, type Uuid } from "@helve/core";
import type { RunStatus } from "@helve/engine";

/** Which runs a bulk operation is about: those that meet all that is given. */
export interface RunsFilter {
  /** Empty: every status. */
  statuses: readonly RunStatus[];
  /** Bounds of the time of creation. */
  since: Date;
  until: Date | undefined;
  /** Empty: every workflow. */
  workflowIds: readonly Uuid[];
  /** A run with any of these is meant; empty: every run. */
  metadata: readonly { key: string; value: string }[];
  limit: number;
}

/** Finds the runs that a filter means, oldest first. */
export type FindRuns = (tenantId: TenantId, filter: RunsFilter) => Promise<RunId[]>;

const STATUSES: Readonly<Record<string, RunStatus>> = {
  QUEUED: "queued",
  RUNNING: "running",
  COMPLETED: "succeeded",
  FAILED: "failed",
  CANCELLED: "cancelled",
};

/** @throws HelveError invalid_argument naming the field and what is allowed there */
export function readRunsFilter(filter: v1.TasksFilter, limit: number): RunsFilter {
  return {
    statuses: filter.statuses.map(readStatus),
    since: filter.since ?? new Date(0),
    until: filter.until,
    workflowIds: filter.workflowIds.map(readWorkflowId),
    metadata: filter.additionalMetadata.map(readMetadata),
    limit,
  };
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

function readMetadata(text: string): { key: string; value: string } {
  const colon = text.indexOf(":");
  if (colon < 1) throw invalidArgument(`additional_metadata holds '${text}': each entry must be key:value`);
  return { key: text.slice(0, colon), value: text.slice(colon + 1) };
}
