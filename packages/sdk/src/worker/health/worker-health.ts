/** What a worker knows of itself. Spans are in ms. */
export interface WorkerFacts {
  /** `made`: it has not been started. */
  state: "made" | "running" | "stopping" | "stopped";
  /** Its stream is open and the engine has taken it. */
  isConnected: boolean;
  wasEverConnected: boolean;
  /** For how long the engine has said nothing about what waits for its receipt; 0 when nothing does. */
  unacknowledgedMs: number;
  /** The longest time for which the event loop stood still lately. */
  stalledMs: number;
}

/** The words are those of Hatchet's worker. */
export type HealthStatus = "INITIALIZED" | "STARTING" | "HEALTHY" | "UNHEALTHY";

export interface Health {
  status: HealthStatus;
  /** Why it is not healthy, for people. */
  reasons: string[];
}

/** The engine answers within a commit, or some 6 s later when its database is away. */
const UNACKNOWLEDGED_MS = 10_000;
/** The engine gives nothing to a worker that is silent for so long. */
const STALLED_MS = 5_000;

/** Whether a worker does its work, from what it knows of itself. */
export function judgeHealth(facts: WorkerFacts): Health {
  const { state, isConnected, wasEverConnected, unacknowledgedMs, stalledMs } = facts;
  if (state === "made") return { status: "INITIALIZED", reasons: ["it has not been started"] };
  const reasons: string[] = [];
  if (state !== "running") reasons.push(`it is ${state}`);
  else if (!isConnected)
    reasons.push(wasEverConnected ? "its stream to the engine has broken" : "no engine has taken it yet");
  if (unacknowledgedMs >= UNACKNOWLEDGED_MS) {
    reasons.push(`the engine has acknowledged nothing of what it was told for ${seconds(unacknowledgedMs)} s`);
  }
  if (stalledMs >= STALLED_MS) reasons.push(`its event loop stood still for ${seconds(stalledMs)} s`);
  if (reasons.length === 0) return { status: "HEALTHY", reasons };
  return { status: state === "running" && !wasEverConnected ? "STARTING" : "UNHEALTHY", reasons };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
