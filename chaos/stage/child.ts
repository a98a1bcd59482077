import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { ROOT } from "./node-arguments.ts";
import { now } from "./now.ts";

export interface ChildOptions {
  title: string;
  /** Made anew for each start: what runs is told apart by its number, from 1. @default program Node */
  command(start: number): { program?: string; args: readonly string[]; env: Readonly<Record<string, string>> };
  /** What it says goes to the end of this file. */
  logFile: string;
  /** It ended and was not told to, or did not end when it was. */
  onUnexpectedExit(what: string): void;
}

const AGAIN_MS = 300;
/** An engine takes up to 11 s where a client's connection is half open; the machine may be busy. */
const GRACE_MS = 30_000;

/** A process that is started again when it ends, as a service manager does, until it is stopped for good. */
export class Child {
  readonly title: string;
  readonly #options: ChildOptions;
  #process: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #isFrozen = false;
  /** Whether it should run. */
  #isWanted = false;
  #isClosed = false;
  starts = 0;
  /** When it was started last. */
  startedAt = 0;

  constructor(options: ChildOptions) {
    this.title = options.title;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  start(): void {
    if (this.#isClosed) return;
    this.#isWanted = true;
    if (!this.#process) this.#spawn();
  }

  /** Ends it, and waits until it has gone. A process that does not heed SIGTERM in time is killed. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    this.#isWanted = false;
    this.thaw();
    const child = this.#process;
    if (!child) return;
    child.kill(signal);
    const timer = setTimeout(() => {
      const what = `did not end within ${GRACE_MS} ms of ${signal}`;
      this.#log(what);
      this.#options.onUnexpectedExit(what);
      child.kill("SIGKILL");
    }, GRACE_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Ends it for good: whoever was about to start it again does not. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.end("SIGKILL");
  }

  freeze(): void {
    this.#isFrozen = this.#process?.kill("SIGSTOP") ?? false;
  }

  thaw(): void {
    if (this.#isFrozen) this.#process?.kill("SIGCONT");
    this.#isFrozen = false;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  #spawn(): void {
    this.starts++;
    this.startedAt = now();
    const { program = process.execPath, args, env } = this.#options.command(this.starts);
    const log = openSync(this.#options.logFile, "a");
    writeSync(log, `--- ${this.title}, start ${this.starts} ---\n`);
    const child = spawn(program, args, {
      cwd: ROOT,
      stdio: ["ignore", log, log],
      env: { ...process.env, ...env },
    });
    closeSync(log);
    this.#process = child;
    this.#exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.#process = undefined;
        this.#isFrozen = false;
        resolve();
        if (this.#isWanted) void this.#revive(`ended by itself with ${signal ?? code}`);
      });
    });
  }

  async #revive(what: string): Promise<void> {
    this.#log(what);
    this.#options.onUnexpectedExit(what);
    await pause(AGAIN_MS);
    if (this.#isWanted && !this.#process) this.#spawn();
  }

  #log(what: string): void {
    const log = openSync(this.#options.logFile, "a");
    writeSync(log, `--- ${this.title} ${what} ---\n`);
    closeSync(log);
  }
}
