import { setTimeout as pause } from "node:timers/promises";
import { CommandError } from "../exit-codes.ts";
import type { Rest } from "./rest.ts";

/** How far a run or a task is, in the words of the API. */
export type Status = "QUEUED" | "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED";

export const STATUSES: readonly Status[] = ["QUEUED", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"];

/** A run or a task of the API, as far as it is shown. */
export interface Summary {
  metadata: { id: string; createdAt: string };
  taskExternalId: string;
  status: Status;
  displayName: string;
  workflowName?: string;
  startedAt?: string;
  finishedAt?: string;
  duration?: number;
  attempt?: number;
  retryCount?: number;
  errorMessage?: string;
  stepId?: string;
  output?: unknown;
}

/** A run with its tasks. */
export interface RunDetails {
  run: Summary & { input?: unknown; additionalMetadata?: Record<string, unknown> };
  /** The steps of the run's workflow; `taskExternalId` is all zeros where a step has no task yet. */
  shape: { taskExternalId: string; stepId: string; childrenStepIds: string[]; taskName: string }[];
  tasks: Summary[];
  /** The newest first. */
  taskEvents: { taskId: string; eventType: string; errorMessage?: string; attempt?: number }[];
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @throws CommandError when a text is no id, as the API would say less clearly */
export function requireId(text: string): string {
  if (UUID.test(text)) return text.toLowerCase();
  throw new CommandError(
    `'${text}' is no id; ids are like 01987c1e-7d3f-7c41-9a5e-3f2b6c8d0000, and helve runs lists them`,
  );
}

export function getRun(rest: Rest, id: string): Promise<RunDetails> {
  return rest.get<RunDetails>(`stable/workflow-runs/${id}`);
}

export function hasEnded(status: Status): boolean {
  return status !== "QUEUED" && status !== "RUNNING";
}

/** A run that ends soon is seen soon; who waits for hours asks once a second. */
const FIRST_LOOK_MS = 40;
const LONGEST_PAUSE_MS = 1000;

/**
 * Looks at a run until it has ended.
 *
 * @param onLook called with each look, the last one included
 * @throws what `signal` was aborted with
 */
export async function followRun(
  rest: Rest,
  id: string,
  onLook: (details: RunDetails) => void,
  signal?: AbortSignal,
): Promise<RunDetails> {
  const startedAt = performance.now();
  for (;;) {
    const details = await getRun(rest, id);
    onLook(details);
    if (hasEnded(details.run.status)) return details;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_LOOK_MS, (performance.now() - startedAt) / 20));
    await pause(pauseMs, undefined, signal && { signal });
  }
}
