/** Streams that are open now and can be ended from this side. */
export interface OpenCalls {
  /** @returns call when the stream is over */
  add(stream: { end(): void }): () => void;
  /**
   * @param bytes how much waits for the peer, or nearly so: characters count as one
   * @returns call when the stream is over
   */
  watch(bytes: () => number): () => void;
  backlog(): { total: number; largest: number };
  /** Ends all of them with status OK: clients open the like again, elsewhere or here after a restart. */
  endAll(): void;
}

/** An empty set of open streams. */
export function openCalls(): OpenCalls {
  const streams = new Set<{ end(): void }>();
  const backlogs = new Set<() => number>();
  return {
    add(stream) {
      streams.add(stream);
      return () => streams.delete(stream);
    },
    watch(bytes) {
      backlogs.add(bytes);
      return () => backlogs.delete(bytes);
    },
    backlog() {
      const waiting = [...backlogs].map((bytes) => bytes());
      return { total: waiting.reduce((sum, bytes) => sum + bytes, 0), largest: Math.max(0, ...waiting) };
    },
    endAll() {
      for (const stream of [...streams]) stream.end();
    },
  };
}
