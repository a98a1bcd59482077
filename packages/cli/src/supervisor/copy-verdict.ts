import { stateOf, type Worker } from "../engine/workers.ts";

/** What is known of a copy whose process lives. */
export interface CopyFacts {
  /** Its workers, as the engine lists them now. */
  readonly workers: readonly Worker[];
  /** Since when, in ms, all of them have been inactive; undefined when one of them is not. */
  readonly inactiveForMs: number | undefined;
  /** What its worker says of itself, for how long in ms; undefined when it is well, or serves no `/health`. */
  readonly unhealthy: { readonly forMs: number; readonly reason: string } | undefined;
  readonly memoryBytes: number | undefined;
  readonly finishedTasks: number | undefined;
}

export interface CopyLimits {
  readonly inactiveMs: number;
  /** Undefined: workers are not asked how they are. */
  readonly unhealthyMs: number | undefined;
  readonly maxMemoryBytes: number | undefined;
  readonly maxTasks: number | undefined;
}

/**
 * What is to become of a copy.
 *
 * `restart`: it is of no use as it is. `recycle`: it works, and ends when what it has is done.
 */
export type Verdict = { action: "restart" | "recycle"; reason: string } | undefined;

/** A connected worker that is given nothing helps nobody, so a quarantined one is not waited for. */
export function verdictOn(facts: CopyFacts, limits: CopyLimits): Verdict {
  const quarantined = facts.workers.find((worker) => stateOf(worker) === "quarantined");
  if (quarantined) {
    return { action: "restart", reason: `the engine has quarantined its worker: ${quarantined.quarantineReason}` };
  }
  const { inactiveForMs, unhealthy, memoryBytes = 0, finishedTasks = 0 } = facts;
  if (inactiveForMs !== undefined && inactiveForMs >= limits.inactiveMs) {
    const seconds = Math.round(inactiveForMs / 1000);
    return { action: "restart", reason: `its process lives, but its worker has been inactive for ${seconds} s` };
  }
  if (unhealthy !== undefined && limits.unhealthyMs !== undefined && unhealthy.forMs >= limits.unhealthyMs) {
    const seconds = Math.round(unhealthy.forMs / 1000);
    return { action: "restart", reason: `its worker has not been healthy for ${seconds} s: ${unhealthy.reason}` };
  }
  if (limits.maxMemoryBytes !== undefined && memoryBytes > limits.maxMemoryBytes) {
    return {
      action: "recycle",
      reason: `it takes ${megabytes(memoryBytes)} MB of ${megabytes(limits.maxMemoryBytes)}`,
    };
  }
  if (limits.maxTasks !== undefined && finishedTasks >= limits.maxTasks) {
    return { action: "recycle", reason: `it has done ${finishedTasks} tasks` };
  }
  return undefined;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
