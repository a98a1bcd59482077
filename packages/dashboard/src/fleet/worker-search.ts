import type { Worker } from "../api/workers.ts";
import { buildOf, runtimeOf, sdkOf } from "./build-of.ts";
import { isConnected, silenceMs, stateOf, WORKER_STATES, type WorkerState } from "./worker-state.ts";

/** Which workers are wanted, as it stands in the address; whatever is absent does not narrow. */
export interface WorkerSearch {
  /** Part of a name, or the beginning of an id. */
  readonly q?: string;
  /** Any of them. Absent: all that are connected, and those just lost. */
  readonly state?: readonly WorkerState[];
  /** `key=value`; all of them. */
  readonly label?: readonly string[];
  readonly build?: string;
  readonly sdk?: string;
  readonly runtime?: string;
  /** From 1. */
  readonly page?: number;
}

/** What stands for a build, an SDK or a runtime that a worker does not name. */
export const NONE = "none";

/** A worker that was lost so short a time ago stays in the list, so that nobody overlooks that it went. */
export const JUST_LOST_MS = 10 * 60_000;

/** Reads what stands in an address; what cannot be meant is left out. */
export function readWorkerSearch(raw: Readonly<Record<string, unknown>>): WorkerSearch {
  const list = (value: unknown) => [value ?? []].flat().map(String);
  const state = WORKER_STATES.filter((one) => list(raw.state).includes(one));
  const label = list(raw.label).filter((one) => /^[^=]+=/.test(one));
  const text = (name: "q" | "build" | "sdk" | "runtime") => {
    const [value = ""] = list(raw[name]);
    return value === "" ? {} : { [name]: value };
  };
  const page = Number(raw.page);
  return {
    ...text("q"),
    ...(state.length > 0 && { state }),
    ...(label.length > 0 && { label }),
    ...text("build"),
    ...text("sdk"),
    ...text("runtime"),
    ...(Number.isInteger(page) && page > 1 && { page }),
  };
}

/** The workers that are wanted, the most urgent state first, then by name. */
export function findWorkers(workers: readonly Worker[], search: WorkerSearch, atMs: number): Worker[] {
  const { state } = search;
  return matchExceptState(workers, search)
    .filter((worker) => (state ? state.includes(stateOf(worker)) : isConnected(worker) || isJustLost(worker, atMs)))
    .sort((a, b) => rank(a) - rank(b) || compare(a.name, b.name) || compare(a.metadata.id, b.metadata.id));
}

/** How many there are of each state, of those that are wanted otherwise. */
export function countStates(workers: readonly Worker[], search: WorkerSearch): Record<WorkerState, number> {
  const counts = Object.fromEntries(WORKER_STATES.map((state) => [state, 0])) as Record<WorkerState, number>;
  for (const worker of matchExceptState(workers, search)) counts[stateOf(worker)]++;
  return counts;
}

/** All `key=value` that workers carry, by name. */
export function labelsOf(workers: readonly Worker[]): string[] {
  return [...new Set(workers.flatMap(({ labels }) => labels.map(({ key, value }) => `${key}=${value}`)))].sort();
}

function matchExceptState(workers: readonly Worker[], { q, label = [], build, sdk, runtime }: WorkerSearch): Worker[] {
  const part = q?.toLowerCase();
  const isOne = (wanted: string | undefined, value: string | undefined) =>
    wanted === undefined || wanted === (value ?? NONE);
  return workers.filter(
    (worker) =>
      (part === undefined || worker.name.toLowerCase().includes(part) || worker.metadata.id.startsWith(part)) &&
      label.every((one) => worker.labels.some(({ key, value }) => `${key}=${value}` === one)) &&
      isOne(build, buildOf(worker)) &&
      isOne(sdk, sdkOf(worker)) &&
      isOne(runtime, runtimeOf(worker)),
  );
}

/** Whether a worker was lost so short a time ago that it is still shown. */
export function isJustLost(worker: Worker, atMs: number): boolean {
  if (isConnected(worker)) return false;
  // Of one that left before its first heartbeat it is known when it came.
  return (silenceMs(worker, atMs) ?? atMs - Date.parse(worker.metadata.createdAt)) < JUST_LOST_MS;
}

function rank(worker: Worker): number {
  return WORKER_STATES.indexOf(stateOf(worker));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
