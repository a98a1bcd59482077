/** A stream, as far as it can be ended from this side. */
export interface OpenCall {
  /** The header that it was opened with. */
  readonly authorization: string | undefined;
  end(): void;
  fail(error: unknown): void;
}

/** Streams that are open now. */
export interface OpenCalls {
  /** @returns call when the stream is over */
  add(stream: OpenCall): () => void;
  byAuthorization(): ReadonlyMap<string | undefined, readonly OpenCall[]>;
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
  const streams = new Set<OpenCall>();
  const backlogs = new Set<() => number>();
  return {
    add(stream) {
      streams.add(stream);
      return () => streams.delete(stream);
    },
    byAuthorization() {
      const grouped = new Map<string | undefined, OpenCall[]>();
      for (const stream of streams) {
        const group = grouped.get(stream.authorization);
        if (group) group.push(stream);
        else grouped.set(stream.authorization, [stream]);
      }
      return grouped;
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
