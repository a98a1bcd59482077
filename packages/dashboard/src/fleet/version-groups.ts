import type { Worker } from "../api/workers.ts";
import { buildOf, runtimeOf, sdkOf } from "./build-of.ts";
import {
  isConnected,
  type Slots,
  slotsOf,
  stateOf,
  sumSlots,
  WORKER_STATES,
  type WorkerState,
} from "./worker-state.ts";

/** Workers that have something in common. */
export interface Group {
  readonly workers: number;
  readonly slots: Slots;
  /** How many there are of each state that one of them is in, the most urgent first. */
  readonly states: readonly (readonly [state: WorkerState, count: number])[];
}

export interface SdkGroup extends Group {
  /** Undefined: they name none. */
  readonly sdk: string | undefined;
  readonly runtime: string | undefined;
  /** What is to be said of the version of the SDK. */
  readonly problem: string | undefined;
}

export interface BuildGroup extends Group {
  readonly build: string | undefined;
  readonly sdks: readonly string[];
}

/** Connected workers by SDK and by what runs it: those out of range first, then by name, the newest version first. */
export function groupBySdk(workers: readonly Worker[]): SdkGroup[] {
  return groups(workers, (worker) => JSON.stringify([sdkOf(worker), runtimeOf(worker)]))
    .map((members) => ({
      ...summed(members),
      sdk: sdkOf(first(members)),
      runtime: runtimeOf(first(members)),
      problem: first(members).versionProblem,
    }))
    .sort(
      (a, b) =>
        Number(b.problem !== undefined) - Number(a.problem !== undefined) ||
        compareVersions(a.sdk, b.sdk) ||
        compareVersions(a.runtime, b.runtime),
    );
}

/** Connected workers by build, the newest first as far as the name tells; those that name none last. */
export function groupByBuild(workers: readonly Worker[]): BuildGroup[] {
  return groups(workers, (worker) => buildOf(worker) ?? "")
    .map((members) => ({
      ...summed(members),
      build: buildOf(first(members)),
      sdks: [...new Set(members.flatMap((worker) => sdkOf(worker) ?? []))].sort(),
    }))
    .sort((a, b) => compareVersions(a.build, b.build));
}

/** By name up, and by the numbers in them down; undefined comes last. */
function compareVersions(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const name = (text: string) => text.replace(/[\d.]+.*$/, "");
  return name(a).localeCompare(name(b)) || b.localeCompare(a, "en", { numeric: true });
}

function groups(workers: readonly Worker[], keyOf: (worker: Worker) => string): Worker[][] {
  const byKey = new Map<string, Worker[]>();
  for (const worker of workers.filter(isConnected)) {
    const key = keyOf(worker);
    byKey.set(key, [...(byKey.get(key) ?? []), worker]);
  }
  return [...byKey.values()];
}

function summed(members: readonly Worker[]): Group {
  const count = (state: WorkerState) => members.filter((worker) => stateOf(worker) === state).length;
  return {
    workers: members.length,
    slots: sumSlots(members.map(slotsOf)),
    states: WORKER_STATES.map((state) => [state, count(state)] as const).filter(([, some]) => some > 0),
  };
}

function first(members: readonly Worker[]): Worker {
  return members[0] as Worker;
}
