import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Running } from "../serve.ts";
import { type TestClient, testClient } from "./test-client.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** `helve serve` as a process of its own, as in a cluster: everything about it comes from its environment. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #readyFile: string;
  readonly #lines: string[] = [];
  readonly #clients: TestClient[] = [];

  private constructor(databaseUrl: string, readyFile: string, main: string) {
    this.#readyFile = readyFile;
    this.#child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", main, "serve"], {
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: databaseUrl,
        HELVE_GRPC_PORT: "0",
        HELVE_HTTP_PORT: "0",
        HELVE_READY_FILE: readyFile,
      },
      stdio: ["ignore", "ignore", "pipe"],
    });
    createInterface({ input: this.#child.stderr as NodeJS.ReadableStream }).on("line", (line) => {
      this.#lines.push(line);
      this.#child.emit("line");
    });
  }

  /** Resolves when tasks can run there. @param readyFile of this process alone @param main of another build */
  static async start(databaseUrl: string, readyFile: string, main: string = MAIN): Promise<ServerProcess> {
    const server = new ServerProcess(databaseUrl, readyFile, main);
    await server.says("serving");
    return server;
  }

  /** Resolves when a line of its log has this text. */
  async says(text: string): Promise<void> {
    while (!this.#lines.some((line) => line.includes(text))) {
      if (this.#child.exitCode !== null) throw new Error(`the server has ended: ${this.#lines.join("\n")}`);
      await Promise.race([once(this.#child, "line"), once(this.#child, "exit")]);
    }
  }

  /** What it has logged as an error. */
  errors(): string[] {
    return this.#lines.filter((line) => /"level":"(error|fatal)"/.test(line));
  }

  async ready(): Promise<Running & { pid: number }> {
    return JSON.parse(await readFile(this.#readyFile, "utf8")) as Running & { pid: number };
  }

  /** A connection of its own. */
  async connect(): Promise<TestClient> {
    const client = testClient(await this.ready());
    this.#clients.push(client);
    return client;
  }

  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  /** Resolves when it has ended by itself: its exit code, or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "exit");
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
  }

  /** Ends it on the spot. Idempotent. */
  async kill(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.close();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}
