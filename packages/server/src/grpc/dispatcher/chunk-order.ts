/** A piece of a task's live output on its way to one subscriber. */
export interface OrderedChunk {
  /** Undefined: the task does not number its chunks. */
  readonly index: number | undefined;
}

export interface ChunkOrderDeps<Chunk extends OrderedChunk> {
  send(chunk: Chunk): void;
  /** How long a chunk waits for those before it. */
  holdMs: number;
}

/**
 * Puts the chunks of one attempt in order. Clients send each by a call of its own and do not wait for the answers, so they
 * come crossed. A chunk whose turn it is goes out at once, with all that were waiting for it; one that came early is held
 * until its turn comes or `holdMs` have passed since the first one was held. After that all held ones go out as they are
 * numbered, and counting goes on behind them: what is missing then was lost, or sent before this subscriber came.
 */
export class ChunkOrder<Chunk extends OrderedChunk> {
  readonly #deps: ChunkOrderDeps<Chunk>;
  #next = 0;
  #held = new Map<number, Chunk>();
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: ChunkOrderDeps<Chunk>) {
    this.#deps = deps;
  }

  add(chunk: Chunk): void {
    const { index } = chunk;
    // Also one that comes after its successors went out: late is better than never.
    if (index === undefined || index < this.#next) {
      this.#deps.send(chunk);
      return;
    }
    this.#held.set(index, chunk);
    this.#sendFollowing();
    if (this.#held.size === 0) this.#stopTimer();
    else this.#timer ??= setTimeout(() => this.flush(), this.#deps.holdMs);
  }

  /** Sends all that is held. The task has ended, or a new attempt counts from 0 again. */
  flush(): void {
    this.#stopTimer();
    const indexes = [...this.#held.keys()].sort((a, b) => a - b);
    for (const index of indexes) {
      this.#next = index;
      this.#sendFollowing();
    }
  }

  /** Drops what is held: nobody listens any more. */
  discard(): void {
    this.#stopTimer();
    this.#held.clear();
  }

  #sendFollowing(): void {
    for (let chunk = this.#held.get(this.#next); chunk !== undefined; chunk = this.#held.get(this.#next)) {
      this.#held.delete(this.#next++);
      this.#deps.send(chunk);
    }
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
