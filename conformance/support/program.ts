import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { ProgramEnded } from "./eventually.ts";

/** A line a program printed for the test: a JSON object behind `@@`. Everything else on its output is noise. */
export type Line = { readonly what: string } & Record<string, unknown>;

interface ProgramOptions {
  /** Named in error messages. */
  title: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  cwd?: string;
  /** Whether the program ends itself when its standard input closes, as our client programs do. */
  watchParent?: boolean;
}

const MARK = "@@";
const NOISE_LINES = 60;
const running = new Set<Program>();

/**
 * A separate process of the test, in a process group of its own: a real SIGKILL or SIGSTOP reaches the helpers it has
 * started as well (the Python clients listen in a second process). Ended by its id, also when the test fails.
 */
export class Program {
  readonly title: string;
  readonly lines: Line[] = [];
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  private readonly child: ChildProcess;
  private readonly noise: string[] = [];
  private readonly listeners = new Set<(line: Line | undefined) => void>();
  private ending: { code: number | null; signal: NodeJS.Signals | null } | undefined;

  static start(options: ProgramOptions): Program {
    return new Program(options);
  }

  private constructor(options: ProgramOptions) {
    this.title = options.title;
    this.child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: { ...inheritedEnvironment(), ...options.env },
      stdio: [options.watchParent === false ? "ignore" : "pipe", "pipe", "pipe"],
      detached: true,
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", (text) => this.take(text));
    }
    this.exited = new Promise((resolve) => {
      this.child.once("error", (error) => this.take(String(error)));
      this.child.once("close", (code, signal) => {
        this.ending = { code, signal };
        running.delete(this);
        for (const listener of [...this.listeners]) listener(undefined);
        resolve(this.ending);
      });
    });
    running.add(this);
  }

  get isRunning(): boolean {
    return this.ending === undefined;
  }

  /** The last of what it has printed for people. */
  output(): string {
    return this.noise.join("\n");
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new ProgramEnded(`${this.title} could not be started\n${this.output()}`);
    return this.child.pid;
  }

  /** Writes one JSON line to the program's standard input. */
  write(message: unknown): void {
    this.child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  /**
   * The first line that fits, printed already or still to come.
   *
   * @param from index into `lines` of the first one that counts
   */
  waitFor(what: string, timeoutMs: number, fits: (line: Line) => boolean, from = 0): Promise<Line> {
    const found = this.lines.slice(from).find(fits);
    if (found) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        this.listeners.delete(listener);
        settle();
      };
      const listener = (line: Line | undefined): void => {
        if (line === undefined) done(() => reject(new ProgramEnded(this.describe(`ended before ${what}`))));
        else if (fits(line)) done(() => resolve(line));
      };
      const timer = setTimeout(
        () => done(() => reject(new Error(this.describe(`no ${what} within ${timeoutMs} ms`)))),
        timeoutMs,
      );
      this.listeners.add(listener);
      if (this.ending) listener(undefined);
    });
  }

  /** To the process alone, as a supervisor or a container's stop does it. */
  signal(name: NodeJS.Signals): void {
    if (!this.ending) this.child.kill(name);
  }

  /** To the process and all it has started. */
  signalAll(name: NodeJS.Signals): void {
    if (this.ending || this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, name);
    } catch {
      // The group has ended between the look and the call.
    }
  }

  /** SIGKILL to the whole group; resolves when the process is gone. */
  async end(): Promise<void> {
    this.signalAll("SIGKILL");
    await this.exited;
  }

  /** @returns whether the program ended by itself in time */
  endedWithin(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      void this.exited.then(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  assertAlive(): void {
    if (this.ending) throw new ProgramEnded(this.describe(`ended with ${this.ending.code ?? this.ending.signal}`));
  }

  private describe(trouble: string): string {
    const seen = this.lines.slice(-12).map((line) => JSON.stringify(line).slice(0, 300));
    return [`${this.title}: ${trouble}`, "lines:", ...seen, "output:", this.output()].join("\n");
  }

  private take(text: string): void {
    if (text.startsWith(MARK)) {
      const line = JSON.parse(text.slice(MARK.length)) as Line;
      this.lines.push(line);
      for (const listener of [...this.listeners]) listener(line);
      return;
    }
    this.noise.push(text);
    if (this.noise.length > NOISE_LINES) this.noise.shift();
  }
}

/** Ends whatever this test file has started and not ended. */
export async function endPrograms(): Promise<void> {
  await Promise.all([...running].map((program) => program.end()));
}

process.once("exit", () => {
  for (const program of running) program.signalAll("SIGKILL");
});

/** A client gets a token and a TLS strategy, nothing else; no setting of the machine may help or hinder it. */
function inheritedEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(HATCHET|HELVE|VITEST|NODE_OPTIONS)/.test(name)),
  );
}
