import { SURELY_FITS } from "../limits.ts";

/** The part of a stream that an outbox needs. */
export interface FrameSink<Frame> {
  readonly writable: boolean;
  write(frame: Frame, done: () => void): unknown;
  end(): void;
}

interface Gathering<Frame> {
  frame: Frame;
  characters: number;
}

/**
 * Gathers what is to be sent and writes it in frames. One write is under way at a time; what comes meanwhile goes into the
 * next frame. So on an idle stream a thing goes out alone and at once, on a busy one hundreds go together, and a peer that
 * does not read slows the writing down by itself. No timer is involved.
 */
export class Outbox<Frame> {
  readonly #sink: FrameSink<Frame>;
  readonly #newFrame: () => Frame;
  readonly #onWritten: () => void;
  /** In the order of sending; things are added to the last one until it is heavy. */
  readonly #frames: Gathering<Frame>[] = [];
  #isWriting = false;
  /** Characters of the frame that is being written. */
  #writing = 0;
  #isScheduled = false;
  #isHeld: boolean;

  /**
   * @param isHeld    whether to gather only, until {@link release}
   * @param onWritten called when the peer has taken a frame
   */
  constructor(sink: FrameSink<Frame>, newFrame: () => Frame, isHeld = false, onWritten: () => void = () => {}) {
    this.#sink = sink;
    this.#newFrame = newFrame;
    this.#isHeld = isHeld;
    this.#onWritten = onWritten;
  }

  /** Whether the peer may still get something. */
  isOpen(): boolean {
    return this.#sink.writable;
  }

  /** Sends what has gathered, and from now on whatever comes. */
  release(): void {
    this.#isHeld = false;
    this.#writeNext();
  }

  /**
   * @param characters length of the texts that `put` adds, so that a frame stays within the size of a message
   * @param put adds something to the frame
   */
  add(characters: number, put: (frame: Frame) => void): void {
    let last = this.#frames.at(-1);
    if (last === undefined || last.characters + characters > SURELY_FITS) {
      last = { frame: this.#newFrame(), characters: 0 };
      this.#frames.push(last);
    }
    last.characters += characters;
    put(last.frame);
    if (this.#isWriting || this.#isScheduled || this.#isHeld) return;
    // After whatever else the same turn still has to add.
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#writeNext();
    });
  }

  /** Characters that wait because the peer has not taken what was written before. */
  backlog(): number {
    return this.#frames.reduce((sum, { characters }) => sum + characters, this.#writing);
  }

  /** Sends what has gathered and ends the stream. */
  end(): void {
    for (const { frame } of this.#frames.splice(0)) {
      if (this.#sink.writable) this.#sink.write(frame, () => {});
    }
    this.#sink.end();
  }

  #writeNext(): void {
    if (this.#isWriting || this.#isHeld) return;
    const next = this.#frames.shift();
    if (next === undefined || !this.#sink.writable) return;
    this.#isWriting = true;
    this.#writing = next.characters;
    this.#sink.write(next.frame, () => {
      this.#isWriting = false;
      this.#writing = 0;
      this.#writeNext();
      this.#onWritten();
    });
  }
}
