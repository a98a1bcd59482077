import type { Rest } from "./rest.ts";

/** Why one task of a run waits. */
export interface Wait {
  taskExternalId: string;
  taskName: string;
  /** The nearest to being released first. */
  reasons: WaitReason[];
}

export interface WaitReason {
  rule: string;
  message: string;
  releasedBy: string;
  workers: { workerId: string; name: string; detail: string }[];
  tasks: { taskExternalId: string; detail: string }[];
  /** When it is over in any case. */
  deadline?: string;
}

/** The tasks of a run that wait now, those in a line first; at most 100. */
export async function getWaits(rest: Rest, runId: string): Promise<Wait[]> {
  return (await rest.get<{ rows: Wait[] }>(`stable/workflow-runs/${runId}/waits`)).rows;
}
