import { setTimeout as pause } from "node:timers/promises";
import type { Fleet, Worker } from "../engine/workers.ts";
import { decideScale, NOTHING_SEEN, type ScaleFacts, type ScaleLimits, type ScaleMemory } from "./scale-decision.ts";
import type { Supervisor } from "./supervisor.ts";

const LOOK_MS = 1000;
/** A look that takes long, as in a long line, is not repeated at once: the engine spends a tenth of its time on it at most. */
const REST_SHARE = 9;

export interface ScalerDeps {
  readonly supervisor: Supervisor;
  readonly fleet: Fleet;
  /** While copies are being replaced their number stays. */
  isRolling(): boolean;
  say(text: string): void;
}

/**
 * Fits the number of copies to what waits and what is busy. What is to be done is decided by {@link decideScale}; this
 * looks, and carries it out. An engine that cannot be asked changes nothing.
 */
export class Scaler {
  readonly #limits: ScaleLimits;
  readonly #deps: ScalerDeps;
  readonly #end = new AbortController();
  #memory: ScaleMemory = NOTHING_SEEN;
  #loop: Promise<void> | undefined;

  constructor(limits: ScaleLimits, deps: ScalerDeps) {
    this.#limits = limits;
    this.#deps = deps;
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
    for (let tookMs = 0; !signal.aborted; ) {
      await pause(Math.max(LOOK_MS, REST_SHARE * tookMs), undefined, { signal }).catch(() => {});
      const startedAt = performance.now();
      if (!signal.aborted) await this.#look();
      tookMs = performance.now() - startedAt;
    }
  }

  async #look(): Promise<void> {
    const { supervisor, isRolling, say } = this.#deps;
    const facts = await this.#facts().catch(() => undefined);
    if (!facts || isRolling() || supervisor.isStopping) {
      this.#memory = NOTHING_SEEN;
      return;
    }
    const { copies, memory, reason } = decideScale(facts, this.#limits, this.#memory);
    this.#memory = memory;
    if (copies === facts.copies) return;
    say(`from ${facts.copies} to ${copies} copies: ${reason}`);
    supervisor.scaleTo(copies);
  }

  /** @returns undefined when slots were not counted */
  async #facts(): Promise<ScaleFacts | undefined> {
    const { supervisor, fleet } = this.#deps;
    const copies = supervisor.slots.flatMap(({ copy }) => copy ?? []);
    const workers = copies.flatMap((copy) => copy.workers);
    const slots = slotsOf(workers);
    if (!slots) return undefined;
    const actions = new Set(workers.flatMap((worker) => worker.actions ?? []));
    const oldest = actions.size === 0 ? undefined : await fleet.oldestWaiting(actions);
    return {
      nowMs: performance.now(),
      copies: supervisor.slots.length,
      ready: copies.filter((copy) => copy.isActive).length,
      ...slots,
      waitingForMs: oldest && Math.max(0, Date.now() - oldest.getTime()),
    };
  }
}

/** Of the kind of slots that is nearest to being full: others may never be used. */
function slotsOf(workers: readonly Worker[]): Pick<ScaleFacts, "usedSlots" | "totalSlots"> | undefined {
  const kinds = new Map<string, { usedSlots: number; totalSlots: number }>();
  for (const { slotConfig = {} } of workers.filter((worker) => worker.status === "ACTIVE")) {
    for (const [kind, { available, limit }] of Object.entries(slotConfig)) {
      if (available === undefined) return undefined;
      const sums = kinds.get(kind) ?? { usedSlots: 0, totalSlots: 0 };
      kinds.set(kind, { usedSlots: sums.usedSlots + limit - available, totalSlots: sums.totalSlots + limit });
    }
  }
  const share = ({ usedSlots, totalSlots }: { usedSlots: number; totalSlots: number }) => usedSlots / totalSlots;
  const [fullest] = [...kinds.values()].sort((a, b) => share(b) - share(a));
  return fullest ?? { usedSlots: 0, totalSlots: 0 };
}
