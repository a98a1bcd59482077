/**
 * Maps and sets for what comes and goes thousands of times a second, and is there for some milliseconds.
 *
 * V8 moves the entries of a Map or Set to another table when deleted ones fill it, and the table that is left keeps a
 * reference to the new one. Once a table has come into the old generation, all later ones hang on it, and all that stood in
 * them when they were left: no collection of young garbage removes any of it, each copies it, and the old generation fills
 * up. A new Map, made now and then, ends the chain. At 5,000 tasks a second it leaves a fifth of what was promoted before.
 */
const RENEWED_AFTER = 1000;

function isDue(removed: number, size: number): boolean {
  return removed > RENEWED_AFTER + 4 * size;
}

/** Like a Map. An iteration that is interrupted by others may show what has been removed since. */
export class ShortLivedMap<Key, Value> {
  #map = new Map<Key, Value>();
  #removed = 0;

  get size(): number {
    return this.#map.size;
  }

  get(key: Key): Value | undefined {
    return this.#map.get(key);
  }

  has(key: Key): boolean {
    return this.#map.has(key);
  }

  set(key: Key, value: Value): void {
    this.#map.set(key, value);
  }

  /** @returns whether it was there */
  delete(key: Key): boolean {
    const wasThere = this.#map.delete(key);
    if (wasThere && isDue(++this.#removed, this.#map.size)) {
      this.#map = new Map(this.#map);
      this.#removed = 0;
    }
    return wasThere;
  }

  clear(): void {
    this.#map = new Map();
    this.#removed = 0;
  }

  keys(): IterableIterator<Key> {
    return this.#map.keys();
  }

  values(): IterableIterator<Value> {
    return this.#map.values();
  }
}

/** Like a Set, as {@link ShortLivedMap} is like a Map. */
export class ShortLivedSet<Item> {
  #set = new Set<Item>();
  #removed = 0;

  get size(): number {
    return this.#set.size;
  }

  has(item: Item): boolean {
    return this.#set.has(item);
  }

  add(item: Item): void {
    this.#set.add(item);
  }

  /** @returns whether it was there */
  delete(item: Item): boolean {
    const wasThere = this.#set.delete(item);
    if (wasThere && isDue(++this.#removed, this.#set.size)) {
      this.#set = new Set(this.#set);
      this.#removed = 0;
    }
    return wasThere;
  }

  clear(): void {
    this.#set = new Set();
    this.#removed = 0;
  }

  [Symbol.iterator](): IterableIterator<Item> {
    return this.#set[Symbol.iterator]();
  }
}
