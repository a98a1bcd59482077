import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * A relay in front of an engine that can begin to swallow: no byte passes either way, and no connection is closed, as when
 * a firewall has forgotten a connection or a cable is out. Both ends believe that they are connected.
 */
export class SwallowingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #swallows = false;

  /** @param target `host:port` */
  static async start(target: string): Promise<SwallowingProxy> {
    const proxy = new SwallowingProxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  private constructor(target: string) {
    const { hostname, port } = new URL(`tcp://${target}`);
    this.#server = createServer((near) => {
      const far = connect(Number(port), hostname);
      this.#relay(near, far);
      this.#relay(far, near);
    });
  }

  /** `host:port` */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  swallow(): void {
    this.#swallows = true;
  }

  /** Ends the connections that hang; new ones are relayed again. */
  heal(): void {
    this.#swallows = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.heal();
    this.#server.close();
  }

  #relay(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay();
    from.on("data", (bytes) => this.#swallows || to.write(bytes));
    from.on("end", () => this.#swallows || to.end());
    from.on("error", () => {});
    from.on("close", () => {
      this.#sockets.delete(from);
      if (!this.#swallows) to.destroy();
    });
  }
}
