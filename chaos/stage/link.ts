import { connect, createServer, type Server, type Socket } from "node:net";

/** The two connections that make one, and what becomes of what arrives on them. */
interface Pair {
  near: Socket;
  far: Socket;
  /** What arrives is thrown away, ends included, and neither side hears of the other any more. */
  isSwallowed: boolean;
  /** An end that came while the link was stalled. */
  hasEnded: boolean;
}

/**
 * A place to connect to that passes everything on to another port of 127.0.0.1, until it is told to do harm.
 */
export class Link {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #target: number;
  #isCut = false;
  #isStalled = false;

  static async open(target: number): Promise<Link> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port: 0, host: "127.0.0.1" }, resolve);
    });
    return new Link(server, target);
  }

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
    const address = server.address();
    this.port = typeof address === "object" && address ? address.port : 0;
    server.on("connection", (near) => this.#connected(near));
  }

  get target(): number {
    return this.#target;
  }

  /** Resets every connection, and refuses new ones until `mend`. */
  cut(): void {
    this.#isCut = true;
    this.#resetAll();
  }

  /** Lets nothing through until `mend`; then everything, in order. */
  stall(): void {
    this.#isStalled = true;
    for (const { near, far } of this.#pairs) {
      near.pause();
      far.pause();
    }
  }

  /** The connections of now become half open, for good. */
  swallow(): void {
    for (const pair of this.#pairs) {
      pair.isSwallowed = true;
      pair.near.resume();
      pair.far.resume();
    }
  }

  /** Resets every connection; new ones go to that port. */
  move(target: number): void {
    this.#target = target;
    this.#resetAll();
  }

  mend(): void {
    this.#isCut = false;
    if (!this.#isStalled) return;
    this.#isStalled = false;
    for (const pair of [...this.#pairs]) {
      pair.near.resume();
      pair.far.resume();
      if (pair.hasEnded) this.#reset(pair);
    }
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#resetAll();
    await closed;
  }

  #connected(near: Socket): void {
    if (this.#isCut) {
      near.on("error", () => {});
      near.resetAndDestroy();
      return;
    }
    const far = connect({ port: this.#target, host: "127.0.0.1", noDelay: true });
    const pair: Pair = { near, far, isSwallowed: false, hasEnded: false };
    this.#pairs.add(pair);
    this.#pass(pair, near, far);
    this.#pass(pair, far, near);
    if (this.#isStalled) {
      near.pause();
      far.pause();
    }
  }

  #pass(pair: Pair, from: Socket, to: Socket): void {
    from.on("data", (part) => {
      if (!pair.isSwallowed && !to.write(part)) from.pause();
    });
    to.on("drain", () => {
      if (!this.#isStalled || pair.isSwallowed) from.resume();
    });
    from.on("error", () => {});
    from.on("close", () => this.#ended(pair));
  }

  #ended(pair: Pair): void {
    if (pair.isSwallowed) {
      if (pair.near.destroyed && pair.far.destroyed) this.#pairs.delete(pair);
    } else if (this.#isStalled) pair.hasEnded = true;
    else this.#reset(pair);
  }

  #reset(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.near.destroy();
    pair.far.destroy();
  }

  #resetAll(): void {
    for (const pair of [...this.#pairs]) this.#reset(pair);
  }
}
