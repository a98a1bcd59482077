import { HelveError } from "@helve/core";

export interface BatcherOptions<Item, Result> {
  /**
   * Writes a batch in one commit. @returns one result per item, in order. An exception means that nothing was written;
   * it refuses the whole batch, or, if the batch can be halved, the items that cause it.
   */
  write(items: Item[]): Promise<Result[]>;
  /** How much one item weighs; default 1. A batch takes items until `maxWeight` is reached. */
  weigh?(item: Item): number;
  maxWeight: number;
  /**
   * Whose item it is. While more is pending than a batch takes, owners share it equally, and while several have something to
   * write, the last free lane is for those with nothing under way. Default: in the order given, on any lane.
   */
  ownerOf?(item: Item): string;
  /** Batches under way at the same time, each on a connection of its own. */
  lanes: number;
}

/** So many characters weigh as much as one small item: a batch of a thousand is full with some eight million. */
export const CHARACTERS_OF_ONE = 8192;

/** Who has waited longer than this for a batch that then failed for want of a database has waited enough. */
const PATIENCE_MS = 1000;

/** So long after two owners have taken turns the last free lane is kept from those who have another. */
const SHARED_MS = 1000;

interface Pending<Item, Result> {
  item: Item;
  sinceMs: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Writes together what gathered while the last commit ran. An idle batcher writes at once, a busy one in large batches;
 * there is no timer and nothing waits for company.
 */
export class Batcher<Item, Result> {
  readonly #options: BatcherOptions<Item, Result>;
  #pending: Pending<Item, Result>[] = [];
  #lanesInUse = 0;
  #isScheduled = false;
  #onIdle: (() => void)[] = [];
  #lastOwner: string | undefined;
  #sharedUntilMs = 0;
  /** In how many batches under way each owner has something. */
  readonly #underWay = new Map<string, number>();

  constructor(options: BatcherOptions<Item, Result>) {
    this.#options = options;
  }

  /** Resolves with the item's result when its batch is durable. */
  add(item: Item): Promise<Result> {
    this.#noteOwner(item);
    return new Promise((resolve, reject) => {
      this.#pending.push({ item, sinceMs: performance.now(), resolve, reject });
      this.#schedule();
    });
  }

  /** Resolves when nothing is pending or under way. */
  idle(): Promise<void> {
    if (this.#lanesInUse === 0 && this.#pending.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** After the I/O of this turn of the event loop, so that all of it goes into the batch. */
  #schedule(): void {
    if (this.#isScheduled || this.#lanesInUse >= this.#options.lanes) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      void this.#runLane();
    });
  }

  async #runLane(): Promise<void> {
    if (this.#pending.length === 0 || this.#lanesInUse >= this.#options.lanes) return;
    const batch = this.#mustShareLane() ? this.#takeFromIdleOwners() : this.#take();
    if (batch.length === 0) return;
    this.#lanesInUse++;
    const owners = this.#ownersOf(batch);
    for (const owner of owners) this.#underWay.set(owner, (this.#underWay.get(owner) ?? 0) + 1);
    if (this.#pending.length > 0) this.#schedule();
    await this.#write(batch);
    this.#lanesInUse--;
    for (const owner of owners) {
      const others = (this.#underWay.get(owner) as number) - 1;
      if (others === 0) this.#underWay.delete(owner);
      else this.#underWay.set(owner, others);
    }
    if (this.#pending.length > 0) this.#schedule();
    else if (this.#lanesInUse === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #noteOwner(item: Item): void {
    const owner = this.#options.ownerOf?.(item);
    if (owner === this.#lastOwner) return;
    if (this.#lastOwner !== undefined) this.#sharedUntilMs = performance.now() + SHARED_MS;
    this.#lastOwner = owner;
  }

  #ownersOf(batch: readonly Pending<Item, Result>[]): Set<string> {
    const { ownerOf } = this.#options;
    return new Set(ownerOf ? batch.map(({ item }) => ownerOf(item)) : []);
  }

  /** Large batches of one owner on every lane would have the others wait for the end of one, each time. */
  #mustShareLane(): boolean {
    const { lanes } = this.#options;
    return lanes > 1 && this.#lanesInUse === lanes - 1 && performance.now() < this.#sharedUntilMs;
  }

  #takeFromIdleOwners(): Pending<Item, Result>[] {
    const { ownerOf } = this.#options;
    if (!ownerOf) return [];
    const isIdle = ({ item }: Pending<Item, Result>) => !this.#underWay.has(ownerOf(item));
    const busy = this.#pending.filter((pending) => !isIdle(pending));
    this.#pending = this.#pending.filter(isIdle);
    const batch = this.#take();
    this.#pending = [...this.#pending, ...busy];
    return batch;
  }

  #take(): Pending<Item, Result>[] {
    const { weigh, maxWeight } = this.#options;
    if (!weigh && this.#pending.length <= maxWeight) {
      const all = this.#pending;
      this.#pending = [];
      return all;
    }
    this.#takeTurns();
    let count = 0;
    for (let weight = 0; count < this.#pending.length && weight < maxWeight; count++) {
      const next = this.#pending[count] as Pending<Item, Result>;
      weight += weigh ? weigh(next.item) : 1;
    }
    return this.#pending.splice(0, count);
  }

  /** Puts in front what comes after the least weight of its own owner. What one owner gave stays in its order. */
  #takeTurns(): void {
    const { ownerOf, weigh = () => 1 } = this.#options;
    const [first] = this.#pending;
    if (!ownerOf || !first) return;
    const firstOwner = ownerOf(first.item);
    if (this.#pending.every(({ item }) => ownerOf(item) === firstOwner)) return;
    const weights = new Map<string, number>();
    const placed = this.#pending.map((pending) => {
      const owner = ownerOf(pending.item);
      const before = weights.get(owner) ?? 0;
      weights.set(owner, before + weigh(pending.item));
      return { pending, before };
    });
    this.#pending = placed.sort((a, b) => a.before - b.before).map(({ pending }) => pending);
  }

  async #write(batch: Pending<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#options.write(batch.map((pending) => pending.item));
      for (let i = 0; i < batch.length; i++) (batch[i] as Pending<Item, Result>).resolve(results[i] as Result);
    } catch (error) {
      if (batch.length === 1 || !isAboutItems(error)) {
        for (const pending of batch) pending.reject(error);
        if (!isAboutItems(error)) this.#refuseWaiting(error);
        return;
      }
      const middle = batch.length >> 1;
      await this.#write(batch.slice(0, middle));
      await this.#write(batch.slice(middle));
    }
  }

  /** The database was asked for seconds in vain: those who waited all that time need not wait as long again. */
  #refuseWaiting(error: unknown): void {
    const patientSince = performance.now() - PATIENCE_MS;
    const waited = this.#pending.filter((pending) => pending.sinceMs < patientSince);
    if (waited.length === 0) return;
    this.#pending = this.#pending.filter((pending) => pending.sinceMs >= patientSince);
    for (const pending of waited) pending.reject(error);
  }
}

/** Whether an error may be caused by some items only, and not by the database or this replica. */
function isAboutItems(error: unknown): boolean {
  return !(error instanceof HelveError && error.code === "unavailable");
}
