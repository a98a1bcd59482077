import { setTimeout as pause } from "node:timers/promises";
import type { Worker } from "../engine/workers.ts";
import type { Copy } from "./copy.ts";
import { verdictOn } from "./copy-verdict.ts";
import { askHealth } from "./health-probe.ts";
import { matchWorkers } from "./match-workers.ts";
import { memoryByGroup } from "./memory.ts";
import type { SupervisorDeps, SupervisorOptions } from "./supervisor-options.ts";

/** While a copy's worker is looked for, and otherwise. */
const SEEKING_MS = 250;
const LOOK_MS = 2000;
/** A copy without a worker is not looked for in a hurry for ever. */
const HURRY_MS = 60_000;
/** Counting the tasks of a worker costs the engine more than listing workers. */
const COUNT_MS = 5000;

/**
 * Looks at the copies as the engine and the system see them, and ends those that are of no use or have done enough.
 *
 * An engine that cannot be asked proves nothing about a copy, so none is ended for it.
 */
export class FleetWatch {
  readonly copies: Set<Copy> = new Set();
  readonly #options: SupervisorOptions;
  readonly #deps: SupervisorDeps;
  readonly #end = new AbortController();
  #loop: Promise<void> | undefined;
  #isReachable: boolean | undefined;
  #hasSeenLabel = false;
  #countedAt = Number.NEGATIVE_INFINITY;

  constructor(options: SupervisorOptions, deps: SupervisorDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Whether copies have to be started one after the other to be told apart. */
  get mustMatchInTurn(): boolean {
    return !this.#hasSeenLabel && this.#isReachable !== false;
  }

  add(copy: Copy): void {
    this.copies.add(copy);
    void copy.process.ended.then(() => this.copies.delete(copy));
  }

  /** The ids of all workers; undefined when the engine cannot be asked. */
  async idsNow(): Promise<ReadonlySet<string> | undefined> {
    const list = await this.#list();
    return list && new Set(list.map((worker) => worker.metadata.id));
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      await this.#look();
      const isSeeking = [...this.copies].some((copy) => copy.workerIds.size === 0 && copy.upMs < HURRY_MS);
      const isWaiting = [...this.copies].some((copy) => !copy.isActive && copy.upMs < HURRY_MS);
      await pause(isSeeking || isWaiting ? SEEKING_MS : LOOK_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #look(): Promise<void> {
    const list = await this.#list();
    if (list) this.#match(list);
    const memory = this.#options.limits.maxMemoryBytes === undefined ? undefined : await memoryByGroup();
    const counts = await this.#countTasks();
    if (list) await this.#askHealth();
    for (const copy of this.copies) {
      if (list) copy.see(list);
      else copy.forgetTrouble();
      this.#judge(copy, memory?.get(copy.process.pid), counts.get(copy));
    }
  }

  #judge(copy: Copy, memoryBytes: number | undefined, finishedTasks: number | undefined): void {
    if (copy.isRetired) return;
    const { limits, graceMs } = this.#options;
    const { workers, inactiveForMs, unhealthy } = copy;
    const verdict = verdictOn({ workers, inactiveForMs, unhealthy, memoryBytes, finishedTasks }, limits);
    if (!verdict) return;
    const drains = verdict.action === "recycle";
    // One at a time, so that there is always somebody to do the work.
    if (drains && [...this.copies].some((one) => one.isRetired)) return;
    this.#deps.say(`${copy.name} is ${drains ? "drained and replaced" : "restarted"}: ${verdict.reason}`);
    void copy.retire({ reason: verdict.reason, graceMs, drains });
  }

  #match(list: readonly Worker[]): void {
    for (const copy of this.copies) {
      const others = new Set([...this.copies].filter((one) => one !== copy).flatMap((one) => [...one.workerIds]));
      for (const { workerId, by } of matchWorkers(copy, list, others, this.#options.workerName)) {
        if (copy.workerIds.has(workerId)) continue;
        copy.workerIds.add(workerId);
        this.#hasSeenLabel ||= by === "label";
        this.#deps.say(`${copy.name} is worker ${workerId}${by === "time" ? ", by the time it came" : ""}`);
      }
    }
  }

  async #askHealth(): Promise<void> {
    const asked = [...this.copies].map(async (copy) => {
      if (copy.healthPort !== undefined) copy.hear(await askHealth(copy.healthPort));
    });
    await Promise.all(asked);
  }

  async #countTasks(): Promise<Map<Copy, number>> {
    const counts = new Map<Copy, number>();
    if (this.#options.limits.maxTasks === undefined || performance.now() - this.#countedAt < COUNT_MS) return counts;
    this.#countedAt = performance.now();
    for (const copy of this.copies) {
      if (copy.isRetired) continue;
      const finished = await countFinished(copy, this.#deps.fleet).catch(() => undefined);
      if (finished !== undefined) counts.set(copy, finished.failed + finished.completed);
    }
    return counts;
  }

  async #list(): Promise<Worker[] | undefined> {
    try {
      const list = await this.#deps.fleet.list();
      if (this.#isReachable === false) this.#deps.say("the engine answers again");
      this.#isReachable = true;
      return list;
    } catch (error) {
      if (this.#isReachable !== false) this.#deps.say(`${(error as Error).message} Copies go on without it.`);
      this.#isReachable = false;
      return undefined;
    }
  }
}

/** Tasks may be older than the worker that does them; of those that waited longer than this the count does not know. */
const OLDER_TASKS_MS = 3_600_000;

/** How many tasks the workers of a copy have done, and how they ended. */
export async function countFinished(
  copy: Copy,
  fleet: SupervisorDeps["fleet"],
): Promise<{ completed: number; failed: number }> {
  const since = new Date(copy.startedAt.getTime() - OLDER_TASKS_MS);
  const sums = { completed: 0, failed: 0 };
  for (const id of copy.workerIds) {
    sums.completed += await fleet.countTasks(id, since, ["COMPLETED"]);
    sums.failed += await fleet.countTasks(id, since, ["FAILED"]);
  }
  return sums;
}
