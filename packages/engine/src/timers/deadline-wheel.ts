import { ShortLivedMap } from "@helve/core";

const BUCKET_MS = 20;

/**
 * Calls back for items whose moment has come, at most 20 ms late and never early. Adding and removing cost a set
 * operation: nearly every task ends long before its timeout, so the wheel is built for removal.
 */
export class DeadlineWheel<Item> {
  readonly #now: () => number;
  readonly #onDue: (items: Item[]) => void;
  readonly #buckets = new Map<number, Set<Item>>();
  readonly #bucketOf = new ShortLivedMap<Item, number>();
  #nextBucket = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(now: () => number, onDue: (items: Item[]) => void) {
    this.#now = now;
    this.#onDue = onDue;
  }

  /** Sets the moment of an item, in ms of the wheel's clock; an earlier one is forgotten. */
  set(item: Item, atMs: number): void {
    this.delete(item);
    const current = Math.floor(this.#now() / BUCKET_MS);
    // The clock may have been set back since the last tick.
    if (this.#bucketOf.size === 0 || current < this.#nextBucket) this.#nextBucket = current;
    const bucket = Math.max(Math.ceil(atMs / BUCKET_MS), this.#nextBucket);
    const items = this.#buckets.get(bucket) ?? new Set();
    this.#buckets.set(bucket, items.add(item));
    this.#bucketOf.set(item, bucket);
    this.#timer ??= setInterval(() => this.#tick(), BUCKET_MS).unref();
  }

  delete(item: Item): void {
    const bucket = this.#bucketOf.get(item);
    if (bucket === undefined) return;
    this.#bucketOf.delete(item);
    const items = this.#buckets.get(bucket);
    items?.delete(item);
    if (items?.size === 0) this.#buckets.delete(bucket);
  }

  /** Forgets everything. */
  clear(): void {
    this.#buckets.clear();
    this.#bucketOf.clear();
    this.#stopTimer();
  }

  #tick(): void {
    const current = Math.floor(this.#now() / BUCKET_MS);
    const due = this.#dueBuckets(current).flatMap((bucket) => this.#empty(bucket));
    this.#nextBucket = current + 1;
    if (this.#bucketOf.size === 0) this.#stopTimer();
    if (due.length > 0) this.#onDue(due);
  }

  #dueBuckets(current: number): number[] {
    const count = Math.max(0, current - this.#nextBucket + 1);
    // After a long stall, or a jump of the clock, it is cheaper to look at the buckets that exist.
    if (count > this.#buckets.size) return [...this.#buckets.keys()].filter((bucket) => bucket <= current);
    return Array.from({ length: count }, (_, i) => this.#nextBucket + i);
  }

  #empty(bucket: number): Item[] {
    const items = [...(this.#buckets.get(bucket) ?? [])];
    for (const item of items) this.#bucketOf.delete(item);
    this.#buckets.delete(bucket);
    return items;
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
