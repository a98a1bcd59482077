import type { WorkerId } from "@helve/core";
import type { OpenStream } from "../api.ts";

/** Streams that are being opened, which takes a look into the tables. */
export class OpeningStreams {
  readonly #byWorker = new Map<WorkerId, Set<Promise<OpenStream>>>();

  /** Remembers one until it is open or will not be. @returns the same */
  async watch(workerId: WorkerId, opened: Promise<OpenStream>): Promise<OpenStream> {
    const opening = this.#byWorker.get(workerId) ?? new Set();
    this.#byWorker.set(workerId, opening.add(opened));
    try {
      return await opened;
    } finally {
      opening.delete(opened);
      if (opening.size === 0) this.#byWorker.delete(workerId);
    }
  }

  /** How many streams of a worker are being opened. */
  count(workerId: WorkerId): number {
    return this.#byWorker.get(workerId)?.size ?? 0;
  }

  /** Resolves when those of a worker, or of all, are open or will not be. */
  async settled(workerId?: WorkerId): Promise<void> {
    const opening = workerId === undefined ? [...this.#byWorker.values()] : [this.#byWorker.get(workerId) ?? []];
    await Promise.allSettled(opening.flatMap((streams) => [...streams]));
  }
}
