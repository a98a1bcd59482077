import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "@helve/store/testing";
import { Child } from "./child.ts";
import { SERVER } from "./node-arguments.ts";
import { now } from "./now.ts";
import { until } from "./until.ts";

const READY_MS = 300_000;
const PROBE = "./chaos/programs/memory-probe.mjs";

export interface EngineOptions {
  folder: string;
  name: string;
  databaseUrl: string;
  /** Of the server that carries hints, if it is not Postgres. */
  natsUrl: string | undefined;
  onUnexpectedExit(what: string): void;
}

/** One replica: `serve` on a database, always on the same ports. */
export class ChaosEngine {
  readonly child: Child;
  readonly grpcPort: number;
  readonly #httpPort: number;
  readonly #readyFile: string;
  readonly #memoryFile: string;
  /** The start that was last seen to be ready. */
  #readyStart = 0;

  static async start(options: EngineOptions): Promise<ChaosEngine> {
    const engine = new ChaosEngine(options, await freePort(), await freePort());
    engine.child.start();
    return engine;
  }

  private constructor(
    { folder, name, databaseUrl, natsUrl, onUnexpectedExit }: EngineOptions,
    grpcPort: number,
    httpPort: number,
  ) {
    this.grpcPort = grpcPort;
    this.#httpPort = httpPort;
    this.#readyFile = join(folder, `${name}.ready.json`);
    this.#memoryFile = join(folder, `${name}.memory.json`);
    const ports = ["--grpc-port", `${grpcPort}`, "--http-port", `${httpPort}`];
    this.child = new Child({
      title: name,
      logFile: join(folder, `${name}.log`),
      command: () => ({
        args: ["--expose-gc", "--import", PROBE, ...SERVER, "serve", ...ports, "--ready-file", this.#readyFile],
        env: {
          DATABASE_URL: databaseUrl,
          ...(natsUrl !== undefined && { HELVE_NATS_URL: natsUrl }),
          HELVE_LOG_LEVEL: "info",
          CHAOS_MEMORY_FILE: this.#memoryFile,
        },
      }),
      // One that does not start because there is no database says so and ends; whoever started it tries again.
      onUnexpectedExit: (what) => {
        const wasReady = this.#readyStart === this.child.starts;
        if (wasReady) onUnexpectedExit(what);
      },
    });
  }

  /** Starts it again after it was ended. @returns how long it took from the start of the process until tasks could run */
  async startAgain(): Promise<{ startedAt: number; readyAt: number }> {
    // The file of a killed process is still there.
    await rm(this.#readyFile, { force: true });
    this.child.start();
    await this.ready();
    return { startedAt: this.child.startedAt, readyAt: now() };
  }

  /** @returns the token that it wrote, when tasks can run */
  async ready(): Promise<string> {
    let token = "";
    const isReady = await until(
      READY_MS,
      async () => {
        token = (JSON.parse(await readFile(this.#readyFile, "utf8")) as { token: string }).token;
        return token !== "";
      },
      10,
    );
    if (!isReady) throw new Error(`${this.child.title} was not ready after ${READY_MS} ms`);
    this.#readyStart = this.child.starts;
    return token;
  }

  /** What `/metrics` says, by name; figures that have labels are summed. */
  async metrics(): Promise<Map<string, number>> {
    const answer = await fetch(`http://127.0.0.1:${this.#httpPort}/metrics`, { signal: AbortSignal.timeout(5_000) });
    const sums = new Map<string, number>();
    for (const line of (await answer.text()).split("\n")) {
      const [, name, value] = /^([a-z_]+)(?:\{.*\})? (\S+)$/.exec(line) ?? [];
      if (name) sums.set(name, (sums.get(name) ?? 0) + Number(value));
    }
    return sums;
  }

  /** Memory after a full collection, in MiB. Undefined when it does not answer, being frozen or away. */
  async memoryAfterCollection(): Promise<{ heap: number; resident: number } | undefined> {
    await rm(this.#memoryFile, { force: true });
    this.child.signal("SIGUSR2");
    let memory: { heap: number; resident: number } | undefined;
    await until(3_000, async () => {
      memory = JSON.parse(await readFile(this.#memoryFile, "utf8")) as { heap: number; resident: number };
      return true;
    });
    return memory;
  }
}
