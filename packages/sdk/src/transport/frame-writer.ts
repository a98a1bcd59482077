/** As much of a stream as writing frames needs. */
export interface FrameSink<Frame> {
  write(frame: Frame, written: (error?: Error | null) => void): boolean;
}

/**
 * Writes one frame at a time: whatever has gathered while the last one was on its way goes into the next. An idle stream
 * so sends single items at once and a busy one sends hundreds together, without a timer or a size to tune.
 *
 *   idle ──wake──► scheduled ──end of this turn──► writing ──written──► idle, or writing again
 *
 * The transport calls back when it has taken a frame for sending, which it does late when the other side reads slowly.
 * Items wait in the hands of their owner until then, so that a stream that breaks loses nothing that was not written.
 */
export class FrameWriter<Frame> {
  readonly #sink: FrameSink<Frame>;
  readonly #take: () => Frame | undefined;
  #state: "idle" | "scheduled" | "writing" | "closed" = "idle";

  /** @param take collects what is waiting into a frame; undefined when nothing is */
  constructor(sink: FrameSink<Frame>, take: () => Frame | undefined) {
    this.#sink = sink;
    this.#take = take;
  }

  /** Something waits to be sent. */
  wake(): void {
    if (this.#state !== "idle") return;
    this.#state = "scheduled";
    // Not a microtask: everything that this turn of the event loop still brings shall go along.
    setImmediate(this.#flush);
  }

  /** Nothing is taken any more. */
  close(): void {
    this.#state = "closed";
  }

  readonly #flush = (): void => {
    if (this.#state === "closed") return;
    const frame = this.#take();
    if (frame === undefined) {
      this.#state = "idle";
      return;
    }
    this.#state = "writing";
    this.#sink.write(frame, this.#written);
  };

  readonly #written = (): void => {
    // An error shows as the end of the stream; there is nothing to do about it here.
    if (this.#state !== "writing") return;
    this.#state = "scheduled";
    this.#flush();
  };
}
