import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../main.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

/** A `helve` that runs as a process of its own, from source. */
export interface HelveProcess {
  readonly pid: number;
  outText(): string;
  errText(): string;
  signal(name: NodeJS.Signals): void;
  /** Resolves when it has ended: its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

const running = new Set<ChildProcess>();

/** Starts it with nothing of this machine's settings but what is given. */
export function startHelve(args: readonly string[], env: Record<string, string> = {}): HelveProcess {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(HELVE|HATCHET|DATABASE_URL|VITEST|NODE_)/.test(name),
  );
  const child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", PROGRAM, ...args], {
    cwd: ROOT,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  const texts = { out: "", err: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    texts.out += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    texts.err += text;
  });
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      running.delete(child);
      resolve(code ?? (signal as NodeJS.Signals));
    });
  });
  return {
    pid: child.pid as number,
    outText: () => texts.out,
    errText: () => texts.err,
    signal: (name) => void child.kill(name),
    ended,
  };
}

/** Runs a command to its end. */
export async function runHelve(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | NodeJS.Signals; out: string; err: string }> {
  const helve = startHelve(args, env);
  const code = await helve.ended;
  return { code, out: helve.outText(), err: helve.errText() };
}

/** A folder for data that the database's own user may enter, and that is removed with everything that runs in it. */
export async function dataFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const parent = await mkdtemp(join(tmpdir(), "helve-cli-"));
  await chmod(parent, 0o755);
  const path = join(parent, "data");
  return {
    path,
    async remove() {
      for (const child of running) child.kill("SIGKILL");
      const pid = postmasterOf(path);
      if (pid !== undefined) process.kill(pid, "SIGQUIT");
      await eventually("the database to end", () => postmasterOf(path) === undefined || undefined);
      await rm(parent, { recursive: true, force: true });
    },
  };
}

/** The process of the database in a data folder, while it lives. */
export function postmasterOf(dataDir: string): number | undefined {
  const file = join(dataDir, "postgres", "postmaster.pid");
  const pid = existsSync(file) ? Number(readFileSync(file, "utf8").split("\n")[0]) : 0;
  return pid > 0 && isAlive(pid) ? pid : undefined;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Asks until there is an answer. @throws Error naming what did not come */
export async function eventually<Answer>(
  what: string,
  ask: () => Answer | undefined | Promise<Answer | undefined>,
  limitMs = 15_000,
): Promise<Answer> {
  const end = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms for ${what}`);
    await pause(25);
  }
}
