import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { NODE_ARGUMENTS, profiling } from "./from-source.ts";
import type { CallMessage, ReplyMessage } from "./offer.ts";

const GRACE_MS = 5000;

interface Waiting {
  resolve(result: never): void;
  reject(error: Error): void;
}

/**
 * A process of the bench that carries out calls by name (the other side is `offer.ts`). Client and worker are processes
 * of their own, so that the processor time of each can be told apart.
 */
export class Program {
  readonly title: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<unknown>;
  #calls = 0;

  /** @param file name in `programs/`, without its ending */
  static async start(file: string, env: Readonly<Record<string, string>> = {}): Promise<Program> {
    const program = new Program(file, env);
    await program.call("ready");
    return program;
  }

  private constructor(file: string, env: Readonly<Record<string, string>>) {
    this.title = file;
    this.#child = fork(fileURLToPath(new URL(`../programs/${file}.ts`, import.meta.url)), {
      env: { ...process.env, ...env },
      execArgv: [...NODE_ARGUMENTS, ...profiling(file)],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      // Buffers and typed arrays cross as they are.
      serialization: "advanced",
    });
    this.#child.on("message", (message: ReplyMessage) => this.#answered(message));
    this.#exited = once(this.#child, "exit").then(() => this.#failAll());
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Carries out one of the program's calls there. */
  call<Result>(name: string, argument?: unknown): Promise<Result> {
    if (this.#child.exitCode !== null) return Promise.reject(new Error(`${this.title} has ended`));
    const id = ++this.#calls;
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, name, argument } satisfies CallMessage);
    });
  }

  /** Lets it go by itself, and ends it when it does not. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), GRACE_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  #answered({ id, result, error }: ReplyMessage): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error !== undefined) waiting?.reject(new Error(`${this.title}: ${error}`));
    else waiting?.resolve(result as never);
  }

  #failAll(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(`${this.title} has ended`));
    this.#waiting.clear();
  }
}
