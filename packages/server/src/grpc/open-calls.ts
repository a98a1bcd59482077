/** Streams that are open now and can be ended from this side. */
export interface OpenCalls {
  /** @returns call when the stream is over */
  add(stream: { end(): void }): () => void;
  /** Ends all of them with status OK: clients open the like again, elsewhere or here after a restart. */
  endAll(): void;
}

/** An empty set of open streams. */
export function openCalls(): OpenCalls {
  const streams = new Set<{ end(): void }>();
  return {
    add(stream) {
      streams.add(stream);
      return () => streams.delete(stream);
    },
    endAll() {
      for (const stream of [...streams]) stream.end();
    },
  };
}
