import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { freePort } from "@helve/store/testing";

/** Whether the program `nats-server` is on this machine (Debian: package nats-server). */
export const HAS_NATS_SERVER: boolean = spawnSync("nats-server", ["--version"]).status === 0;

/** A NATS server that a test starts and stops, always at the same address. */
export class NatsServer {
  readonly #port: number;
  readonly #monitorPort: number;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;

  private constructor([port, monitorPort]: [number, number], args: readonly string[]) {
    this.#port = port;
    this.#monitorPort = monitorPort;
    this.#args = args;
  }

  /** Finds ports; the server is not started. @param args for the program, besides its address */
  static async at(args: readonly string[] = []): Promise<NatsServer> {
    return new NatsServer([await freePort(), await freePort()], args);
  }

  /** The subjects that each connection listens to. */
  async subjects(): Promise<string[][]> {
    const answer = await fetch(`http://127.0.0.1:${this.#monitorPort}/connz?subs=1`);
    const { connections } = (await answer.json()) as { connections: { subscriptions_list?: string[] }[] };
    return connections.map((connection) => connection.subscriptions_list ?? []);
  }

  /** @param credentials as they stand in a URL */
  url(credentials = ""): string {
    return `nats://${credentials ? `${credentials}@` : ""}127.0.0.1:${this.#port}`;
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const address = ["--addr", "127.0.0.1", "--port", `${this.#port}`, "--http_port", `${this.#monitorPort}`];
    const child = spawn("nats-server", [...address, ...this.#args], { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
      if (line.includes("Server is ready")) break;
    }
    // Its pipe must not fill up.
    child.stderr?.resume();
    if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}`);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  }
}
